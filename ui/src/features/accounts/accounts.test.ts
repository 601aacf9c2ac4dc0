import { afterEach, describe, expect, it, vi } from 'vitest'
import { failure } from '@/platform/fake'
import { useStart } from '@/stores/start'
import { stumbles } from '@/testing/axe'
import { closeApp, openApp, settle } from '@/testing/mountApp'

afterEach(closeApp)

describe('several accounts', () => {
  it('stand in the rail with what is unread of each', async () => {
    const { all } = await openApp('/chats', { accounts: 3 })
    await vi.waitFor(() => expect(all('account-switch')).toHaveLength(2))
    expect(all('account-switch')[0]?.textContent).toContain('Show Ming Li (Work) on work.example.org, 12 unread messages')
    expect(all('account-unread')).toHaveLength(1)
    expect(await stumbles()).toEqual([])
  })

  it('are not there where there is one', async () => {
    const { find } = await openApp('/chats')
    expect(find('account-switch')).toBeNull()
  })

  it('are switched without signing out, and nothing of the one is kept for the other', async () => {
    const { all, fake, click, router, find } = await openApp('/chats/1003', { accounts: 2 })
    await vi.waitFor(() => expect(all('account-switch')).toHaveLength(1))
    const [signOut, draft] = [vi.spyOn(fake, 'signOut'), vi.spyOn(fake, 'setDraft')]
    const field = await vi.waitUntil(() => find('composer'))
    field.textContent = 'half a'
    field.dispatchEvent(new Event('input', { bubbles: true }))
    const show = vi.spyOn(fake, 'switchAccount')
    await click('account-switch')
    await vi.waitFor(() => expect(document.querySelector('nav a')?.getAttribute('aria-label')).toContain('Ming Li (Work)'))
    expect(router.currentRoute.value.fullPath).toBe('/chats')
    expect(signOut).not.toHaveBeenCalled()
    expect(draft).toHaveBeenCalledWith(1003, 'half a')
    expect(Math.max(...draft.mock.invocationCallOrder)).toBeLessThan(show.mock.invocationCallOrder[0] ?? 0)
    expect(all('account-switch')[0]?.textContent).toContain('李明')
  })

  it('follow when a notification shows another one', async () => {
    const { all, fake, router } = await openApp('/chats', { accounts: 2 })
    await vi.waitFor(() => expect(all('account-switch')).toHaveLength(1))
    await fake.switchAccount('work')
    fake.emitShell({ type: 'link', link: { kind: 'conversation', conversation_id: 1003 } })
    await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/chats/1003'))
    expect(document.querySelector('nav a')?.getAttribute('aria-label')).toContain('Ming Li (Work)')
  })

  it('follow a link that comes before word of its account', async () => {
    const { all, fake, router } = await openApp('/chats/1002', { accounts: 2 })
    await vi.waitFor(() => expect(all('account-switch')).toHaveLength(1))
    const tell = vi.spyOn(fake.world, 'emitShell').mockImplementationOnce(() => undefined)
    await fake.switchAccount('work')
    const accounts = { type: 'accounts', accounts: await fake.accounts() } as const
    tell.mockRestore()
    fake.emitShell({ type: 'link', link: { kind: 'conversation', conversation_id: 1003 } })
    await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/chats/1003'))
    expect(document.querySelector('nav a')?.getAttribute('aria-label')).toContain('Ming Li (Work)')
    fake.emitShell(accounts)
    await settle()
    expect(router.currentRoute.value.fullPath).toBe('/chats/1003')
  })

  it.each([
    ['/chats/1003', '/chats'],
    ['/contacts/person/10004', '/contacts'],
  ])('leave what belongs to the one before when the tray shows another: %s', async (path, to) => {
    const { all, fake, router } = await openApp(path, { accounts: 2 })
    await vi.waitFor(() => expect(all('account-switch')).toHaveLength(1))
    const [read, open] = [vi.spyOn(fake, 'markRead'), vi.spyOn(fake, 'openTimeline')]
    await fake.switchAccount('work')
    await vi.waitFor(() => expect(document.querySelector('nav a')?.getAttribute('aria-label')).toContain('Ming Li (Work)'))
    expect(router.currentRoute.value.fullPath).toBe(to)
    expect(read).not.toHaveBeenCalled()
    expect(open).not.toHaveBeenCalled()
  })

  it('keep a draft for the account that it was written in, also when the tray shows another', async () => {
    const { all, find, fake, router } = await openApp('/chats/1003', { accounts: 2 })
    await vi.waitFor(() => expect(all('account-switch')).toHaveLength(1))
    const field = await vi.waitUntil(() => find('composer'))
    const draft = vi.spyOn(fake, 'setDraft')
    field.textContent = 'half a'
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await fake.switchAccount('work')
    await vi.waitFor(() => expect(document.querySelector('nav a')?.getAttribute('aria-label')).toContain('Ming Li (Work)'))
    await router.push('/chats/1003')
    const other = await vi.waitUntil(() => find('composer'))
    expect(other.textContent).toBe('')
    document.dispatchEvent(new Event('visibilitychange'))
    await settle()
    expect(draft).not.toHaveBeenCalled()
    await fake.switchAccount('chat.example.com-10001')
    await vi.waitFor(() => expect(draft).toHaveBeenCalledWith(1003, 'half a'))
  })

  it('leave the others when one signs out, also when it has to sign in again', async () => {
    const { click, find, router, fake } = await openApp('/settings/about', { accounts: 3 })
    await click('sign-out')
    await click('confirm')
    await vi.waitFor(() => expect(router.currentRoute.value.name).toBe('chats'))
    expect(document.querySelector('nav a')?.getAttribute('aria-label')).toContain('Ming Li (Work)')
    fake.emit({ type: 'signed_out', failure: failure('session_ended') })
    await settle()
    find('link-line')?.querySelector('button')?.click()
    await vi.waitFor(() => expect(find('view-sign-in')).not.toBeNull())
    expect(find('adding-back')).not.toBeNull()
  })

  it('are added while one is signed in, and that can be left', async () => {
    const { click, find, router, fake } = await openApp('/settings/about')
    await click('add-account')
    await vi.waitFor(() => expect(find('view-server')).not.toBeNull())
    expect(fake.world.state.account).not.toBeNull()
    expect(await stumbles()).toEqual([])
    await click('adding-back')
    await vi.waitFor(() => expect(find('view-chats')).not.toBeNull())
    expect(useStart().adding).toBe(false)
    await router.push('/server')
    expect(router.currentRoute.value.name).toBe('chats')
  })

  it('are asked who they are on the server of another one', async () => {
    const { click, type, submit, find, all, fake } = await openApp('/settings/about')
    const signIn = vi.spyOn(fake, 'signIn')
    await click('add-account')
    await vi.waitFor(() => expect(find('view-server')).not.toBeNull())
    await click('server-other')
    await type('server-address', 'chat.example.com')
    find('server-continue')?.closest('form')?.requestSubmit()
    await vi.waitFor(() => expect(find('view-sign-in')).not.toBeNull())
    // Only the one who is not signed in is offered.
    expect(all('remembered-account').map((one) => one.textContent)).toEqual([expect.stringContaining('Dad')])
    await type('field-login', 'work')
    await type('field-password', 'magpie-1234')
    await submit()
    expect(signIn.mock.lastCall?.[0]).toMatchObject({ server_url: 'https://chat.example.com', login: 'work' })
  })
})
