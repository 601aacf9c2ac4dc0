import { afterEach, describe, expect, it, vi } from 'vitest'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'

let mounted: MountedApp | undefined

async function open(...given: Parameters<typeof mountApp>): Promise<MountedApp> {
  mounted = await mountApp(...given)
  await vi.waitFor(() => expect(document.querySelector('[data-testid^=view-]')).not.toBeNull())
  return mounted
}

afterEach(() => {
  mounted?.app.unmount()
  mounted = undefined
})

describe('the way in', () => {
  it('begins with the server where nobody was here before', async () => {
    const { find } = await open('/chats', { scenario: 'first_start' })
    expect(find('view-server')).not.toBeNull()
  })

  it('begins with signing in where somebody was', async () => {
    const { find, all } = await open('/settings', { scenario: 'signed_out' })
    expect(find('view-sign-in')).not.toBeNull()
    expect(all('remembered-account')).toHaveLength(2)
  })

  it('is closed to those who are in', async () => {
    const { router } = await open('/register')
    expect(router.currentRoute.value.name).toBe('chats')
  })

  it('leads over the server of this computer to an account with a number', async () => {
    const { click, type, submit, find, fake } = await open('/server', { scenario: 'first_start' })
    await click('server-share')
    expect(find('host-address')?.textContent).toBe('http://192.168.1.23:8787')
    find('server-continue')?.closest('form')?.requestSubmit()
    await vi.waitFor(() => expect(find('view-register')).not.toBeNull())
    await type('field-username', 'ming')
    await type('field-nickname', '李明')
    await type('field-password', 'eight chars or more')
    await type('field-password-repeat', 'eight chars or more')
    await submit()
    expect(find('given-number')?.textContent).toBe('10088')
    expect(fake.world.state.account?.user.nickname).toBe('李明')
    await click('begin')
    await vi.waitFor(() => expect(find('view-chats')).not.toBeNull())
  })

  it.each([
    ['web.example.com', 'not a Magpie server'],
    ['down.example.com', 'Nothing answers'],
    ['old.example.com', 'too old for this app'],
    ['cert.example.com', 'certificate is not valid'],
  ])('says of %s: %s', async (address, words) => {
    const { click, type } = await open('/server', { scenario: 'first_start' })
    await click('server-other')
    await type('server-address', address)
    await vi.waitFor(() => expect(document.body.textContent).toContain(words))
  })

  it('tells at the field what is wrong, and sends nothing', async () => {
    const { click, type, submit, find, fake } = await open('/server', { scenario: 'first_start' })
    find('server-continue')?.closest('form')?.requestSubmit()
    await vi.waitFor(() => expect(find('view-register')).not.toBeNull())
    const register = vi.spyOn(fake, 'register')
    await submit()
    expect(find('field-username')?.getAttribute('aria-invalid')).toBe('true')
    expect(register).not.toHaveBeenCalled()
    await type('field-username', 'alice')
    await type('field-nickname', 'Alice')
    await type('field-password', 'eight chars or more')
    await type('field-password-repeat', 'eight chars or more')
    await submit()
    expect(document.body.textContent).toContain('Somebody has this user name already')
    await type('field-username', 'alice2')
    expect(document.body.textContent).not.toContain('Somebody has this user name already')
    await click('go-sign-in')
    await vi.waitFor(() => expect(find('view-sign-in')).not.toBeNull())
  })

  async function registerAt(address: string): Promise<MountedApp> {
    const it = await open('/server', { scenario: 'first_start' })
    await it.click('server-other')
    await it.type('server-address', address)
    it.find('server-continue')?.closest('form')?.requestSubmit()
    await vi.waitFor(() => expect(document.querySelector('[data-testid=view-server]')).toBeNull())
    await settle()
    return it
  }

  async function fill({ type }: MountedApp): Promise<void> {
    await type('field-username', 'ming')
    await type('field-nickname', '李明')
    await type('field-password', 'eight chars or more')
    await type('field-password-repeat', 'eight chars or more')
  }

  it('asks for an invitation where the server does, and blames the code alone', async () => {
    const at = await registerAt('invited.example.com')
    const register = vi.spyOn(at.fake, 'register')
    await fill(at)
    await at.submit()
    expect(at.find('field-invitation')?.getAttribute('aria-invalid')).toBe('true')
    expect(register).not.toHaveBeenCalled()
    await at.type('field-invitation', 'FINE-FETHERS')
    await at.submit()
    expect(document.body.textContent).toContain('This code is mistyped')
    expect(at.find('form-error')).toBeNull()
    await at.type('field-invitation', ' FINE-FEATHERS ')
    expect(document.body.textContent).not.toContain('This code is mistyped')
    await at.submit()
    expect(at.find('given-number')?.textContent).toBe('10088')
  })

  it('asks for an invitation as soon as the server says that it wants one', async () => {
    const at = await registerAt('invit.example.com')
    expect(at.find('field-invitation')).toBeNull()
    await fill(at)
    await at.submit()
    expect(at.find('field-invitation')).not.toBeNull()
    expect(document.body.textContent).toContain('by invitation only. Enter the code')
    await at.type('field-invitation', 'FINE-FEATHERS')
    await at.submit()
    expect(at.find('given-number')).not.toBeNull()
  })

  it('says where nobody can make an account, and does not ask for one', async () => {
    const at = await registerAt('closed.example.com')
    expect(at.find('view-sign-in')?.textContent).toContain('takes no new accounts')
    expect(at.find('go-register')).toBeNull()
    await at.router.push('/register')
    await settle()
    expect(at.find('registration-closed')).not.toBeNull()
    expect(at.find('field-username')).toBeNull()
  })

  it('says that an account was disabled', async () => {
    const { find, type, submit } = await registerAt('closed.example.com')
    await type('field-login', 'disabled')
    await type('field-password', 'magpie-1234')
    await submit()
    expect(find('form-error')?.textContent).toContain('This account was disabled')
  })

  it('refuses a wrong password in words, then lets the right one in', async () => {
    const { type, submit, find, fake } = await open('/sign-in', { scenario: 'signed_out' })
    const signIn = vi.spyOn(fake, 'signIn')
    await type('field-password', 'wrong')
    await submit()
    expect(find('form-error')?.textContent).toContain('do not belong together')
    await type('field-password', 'magpie-1234')
    await submit()
    await vi.waitFor(() => expect(find('view-chats')).not.toBeNull())
    expect(signIn).toHaveBeenLastCalledWith({
      server_url: 'https://chat.example.com',
      login: 'ming.li',
      password: 'magpie-1234',
    })
  })

  it('asks for the server of another account', async () => {
    const { click, find } = await open('/sign-in', { scenario: 'signed_out' })
    await click('other-account')
    await vi.waitFor(() => expect(find('view-server')).not.toBeNull())
  })
})
