import { afterEach, describe, expect, it, vi } from 'vitest'
import { stumbles } from '@/testing/axe'
import { closeApp, openApp, settle } from '@/testing/mountApp'

afterEach(closeApp)

describe('links', () => {
  it.each([
    [{ kind: 'person', user_id: 10004 }, '/contacts/person/10004'],
    [{ kind: 'conversation', conversation_id: 1003 }, '/chats/1003'],
  ] as const)('show what they name: %o', async (link, path) => {
    const { fake, router } = await openApp('/settings/about')
    fake.emitShell({ type: 'link', link })
    await vi.waitFor(() => expect(router.currentRoute.value.path).toBe(path))
  })

  it('go to a message, however far back, and say where there is none', async () => {
    const { fake, router, find } = await openApp('/settings/about')
    const chat = fake.world.chats.find(({ peer }) => peer.username === 'alice')
    const far = chat?.messages[20]
    const link = { kind: 'message', conversation_id: chat?.id ?? 0 } as const
    fake.emitShell({ type: 'link', link: { ...link, message_id: far?.id ?? '' } })
    await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe(`/chats/${String(chat?.id)}`), 5_000)
    expect(find('toast')).toBeNull()
    fake.emitShell({ type: 'link', link: { ...link, message_id: '018f0000-0000-7000-8000-00000000dead' } })
    await vi.waitFor(() => expect(find('toast')?.textContent).toContain('was not found in this chat'), 5_000)
  })

  it('that mean nothing do nothing but say so', async () => {
    const { fake, router, find } = await openApp('/settings/about')
    fake.emitShell({ type: 'link', link: { kind: 'malformed' } })
    await settle()
    expect(find('toast')?.textContent).toContain('no link that Magpie can open')
    fake.emitShell({ type: 'link', link: { kind: 'elsewhere', server_url: 'https://evil.example' } })
    await settle()
    expect(document.body.textContent).toContain('belongs to https://evil.example')
    expect(router.currentRoute.value.path).toBe('/settings/about')
  })

  it('ask no server before somebody said so, and then bring the code along', async () => {
    const { fake, click, find, router } = await openApp('/settings/about')
    const check = vi.spyOn(fake, 'checkServer')
    fake.emitShell({
      type: 'link', link: { kind: 'invitation', server_url: 'https://invited.example.com', code: 'FINE-FEATHERS' },
    })
    await settle()
    expect(find('invitation-server')?.textContent).toBe('https://invited.example.com')
    expect(check).not.toHaveBeenCalled()
    expect(await stumbles(find('invitation-dialog') ?? undefined)).toEqual([])
    await click('invitation-take')
    await vi.waitFor(() => expect(router.currentRoute.value.name).toBe('register'))
    expect((find('field-invitation') as HTMLInputElement).value).toBe('FINE-FEATHERS')
    expect(fake.world.state.account).not.toBeNull()
  })

  it('that were put away meanwhile lead nowhere', async () => {
    const { fake, click, router, find } = await openApp('/settings/about')
    const check = fake.checkServer
    let answer = (): void => undefined
    vi.spyOn(fake, 'checkServer').mockImplementation(async (address) => {
      await new Promise<void>((resolve) => (answer = resolve))
      return check(address)
    })
    for (const server_url of ['https://invited.example.com', 'down.example.com']) {
      fake.emitShell({ type: 'link', link: { kind: 'invitation', server_url, code: 'FINE-FEATHERS' } })
      await settle()
      await click('invitation-take')
      await click('invitation-cancel')
      fake.emitShell({ type: 'link', link: { kind: 'invitation', server_url: 'https://b.example.com', code: 'B' } })
      answer()
      await settle()
      expect(router.currentRoute.value.path).toBe('/settings/about')
      expect(find('form-error')).toBeNull()
    }
  })

  it('begin the form anew where it was open for another server', async () => {
    const { fake, click, find, type, submit } = await openApp('/sign-in', { scenario: 'signed_out' })
    const register = vi.spyOn(fake, 'register')
    for (const server_url of ['https://invited.example.com', 'https://invited.example.org']) {
      fake.emitShell({ type: 'link', link: { kind: 'invitation', server_url, code: 'FINE-FEATHERS' } })
      await settle()
      await click('invitation-take')
      await vi.waitFor(() => expect(find('view-register')).not.toBeNull())
      await settle()
    }
    await type('field-username', 'ming')
    await type('field-nickname', '李明')
    await type('field-password', 'eight chars or more')
    await type('field-password-repeat', 'eight chars or more')
    await submit()
    expect(register.mock.lastCall?.[0].server_url).toBe('https://invited.example.org')
  })

  it('to a server that does not answer say why', async () => {
    const { fake, click, find } = await openApp('/sign-in', { scenario: 'signed_out' })
    fake.emitShell({ type: 'link', link: { kind: 'invitation', server_url: 'down.example.com', code: 'X' } })
    await settle()
    await click('invitation-take')
    expect(find('form-error')?.textContent).toContain('Nothing answers there')
  })

  it('into chats wait for somebody to sign in', async () => {
    const { fake, find } = await openApp('/sign-in', { scenario: 'signed_out' })
    fake.emitShell({ type: 'link', link: { kind: 'person', user_id: 1 } })
    await settle()
    expect(find('view-sign-in')).not.toBeNull()
    expect(find('toast')?.textContent).toContain('Sign in first')
  })

  it('of the tray lead to settings and requests', async () => {
    const { fake, router } = await openApp('/chats')
    fake.emitShell({ type: 'open_settings', section: 'notifications' })
    await vi.waitFor(() => expect(router.currentRoute.value.path).toBe('/settings/notifications'))
    fake.emitShell({ type: 'open_requests' })
    await vi.waitFor(() => expect(router.currentRoute.value.path).toBe('/contacts/requests'))
  })
})
