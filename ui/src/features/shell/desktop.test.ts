import { afterEach, describe, expect, it, vi } from 'vitest'
import { failure } from '@/platform/fake'
import { useStart } from '@/stores/start'
import { stumbles } from '@/testing/axe'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'

let mounted: MountedApp | undefined

async function open(...given: Parameters<typeof mountApp>): Promise<MountedApp> {
  mounted = await mountApp(...given)
  await vi.waitFor(() => expect(document.querySelector('[data-testid^=view-]')).not.toBeNull())
  await settle()
  return mounted
}

afterEach(() => {
  vi.useRealTimers()
  mounted?.app.unmount()
  mounted = undefined
})

describe('closing the window', () => {
  it('asks, does what is said, and remembers it where that is wished', async () => {
    const { fake, click, find } = await open('/settings/window')
    const answer = vi.spyOn(fake, 'answerClose')
    fake.emitShell({ type: 'close_asked', tray: true })
    await settle()
    expect(find('close-tray')?.textContent).toContain('Keep running')
    expect(await stumbles(find('close-dialog') ?? undefined)).toEqual([])
    await click('close-tray')
    expect(answer).toHaveBeenLastCalledWith('tray', false)
    expect(find('close-dialog')).toBeNull()
    fake.emitShell({ type: 'close_asked', tray: true })
    await settle()
    await click('close-remember')
    await click('close-quit')
    expect(answer).toHaveBeenLastCalledWith('quit', true)
    // What is remembered shows in the settings at once.
    expect(find('settings-close')?.dataset.value).toBe('quit')
  })

  it('is not done where nobody says so, and never remembered then', async () => {
    const { fake, click, find } = await open('/chats')
    const answer = vi.spyOn(fake, 'answerClose')
    fake.emitShell({ type: 'close_asked', tray: false })
    await settle()
    expect(find('close-tray')?.textContent).toContain('Minimise')
    await click('close-remember')
    find('close-dialog')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    await settle()
    expect(answer).toHaveBeenCalledExactlyOnceWith('ask', false)
    expect(find('close-dialog')).toBeNull()
  })
})

describe('several accounts', () => {
  it('stand in the rail with what is unread of each', async () => {
    const { all } = await open('/chats', { accounts: 3 })
    await vi.waitFor(() => expect(all('account-switch')).toHaveLength(2))
    expect(all('account-switch')[0]?.textContent).toContain('Show Ming Li (Work) on work.example.org, 12 unread messages')
    expect(all('account-unread')).toHaveLength(1)
    expect(await stumbles()).toEqual([])
  })

  it('are not there where there is one', async () => {
    const { find } = await open('/chats')
    expect(find('account-switch')).toBeNull()
  })

  it('are switched without signing out, and nothing of the one is kept for the other', async () => {
    const { all, fake, click, router, find } = await open('/chats/1003', { accounts: 2 })
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
    const { all, fake } = await open('/chats', { accounts: 2 })
    await vi.waitFor(() => expect(all('account-switch')).toHaveLength(1))
    await fake.switchAccount('work')
    fake.emitShell({ type: 'link', link: { kind: 'conversation', conversation_id: 1003 } })
    await vi.waitFor(() => expect(mounted?.router.currentRoute.value.fullPath).toBe('/chats/1003'))
    expect(document.querySelector('nav a')?.getAttribute('aria-label')).toContain('Ming Li (Work)')
  })

  it('leave the others when one signs out, also when it has to sign in again', async () => {
    const { click, find, router, fake } = await open('/settings/about', { accounts: 3 })
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
    const { click, find, router, fake } = await open('/settings/about')
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
})

describe('the app lock', () => {
  it('lies in front of everything from the start, and opens with the passphrase', async () => {
    const { find, type, click, fake, router } = await open('/chats/1003', { passphrase: 'magpie' })
    expect(find('view-lock')).not.toBeNull()
    expect(document.querySelector('nav')).toBeNull()
    expect(document.activeElement).toBe(find('field-passphrase'))
    expect(await stumbles()).toEqual([])
    await type('field-passphrase', 'wrong')
    await click('unlock')
    expect(document.body.textContent).toContain('That is not the passphrase')
    expect((find('field-passphrase') as HTMLInputElement).value).toBe('')
    await type('field-passphrase', 'magpie')
    await click('unlock')
    await vi.waitFor(() => expect(find('composer')).not.toBeNull())
    expect(router.currentRoute.value.fullPath).toBe('/chats/1003')
    expect(fake.world.state.lock).toBe('unlocked')
  })

  it('waits after wrong tries, and counts down', async () => {
    const { find, type, click, fake } = await open('/chats', { passphrase: 'magpie' })
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    vi.spyOn(fake, 'unlock').mockRejectedValueOnce(failure('wrong_passphrase', 5_000))
    await type('field-passphrase', 'wrong')
    await click('unlock')
    expect(document.body.textContent).toContain('Wait 5 seconds')
    await type('field-passphrase', 'magpie')
    expect(find('unlock')?.hasAttribute('disabled')).toBe(true)
    vi.advanceTimersByTime(5_100)
    await settle()
    expect(find('unlock')?.hasAttribute('disabled')).toBe(false)
    expect(document.body.textContent).not.toContain('Wait')
  })

  it('closes by keys, and leaves nothing on the screen', async () => {
    const { find, fake } = await open('/chats/1002')
    await fake.setLock('magpie')
    await settle()
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'L', ctrlKey: true, shiftKey: true }))
    await vi.waitFor(() => expect(find('view-lock')).not.toBeNull())
    expect(document.body.textContent).not.toContain('Alice')
    // What happens behind it stays there.
    fake.emitShell({ type: 'close_asked', tray: true })
    await settle()
    expect(document.body.textContent).not.toContain('Alice')
  })

  it('leads to signing in where somebody begins anew', async () => {
    const { find, click } = await open('/chats', { passphrase: 'magpie' })
    await click('lock-forgot')
    await click('confirm')
    await vi.waitFor(() => expect(find('view-server')).not.toBeNull())
  })

  it('closes after a time without use, not before', async () => {
    const { find, fake } = await open('/chats')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const lock = vi.spyOn(fake, 'lock')
    await fake.setLock('magpie')
    await fake.setSettings({ ...fake.world.state.settings, lock_after_minutes: 5 })
    fake.emitShell({ type: 'settings', settings: fake.world.state.settings })
    await settle()
    vi.advanceTimersByTime(4 * 60_000)
    window.dispatchEvent(new Event('pointermove'))
    vi.advanceTimersByTime(4 * 60_000)
    expect(lock).not.toHaveBeenCalled()
    vi.advanceTimersByTime(61_000)
    expect(lock).toHaveBeenCalledOnce()
    vi.useRealTimers()
    await vi.waitFor(() => expect(find('view-lock')).not.toBeNull())
  })

  it('closes at the first sign of use after a sleep', async () => {
    const { fake } = await open('/chats')
    const lock = vi.spyOn(fake, 'lock')
    await fake.setLock('magpie')
    fake.emitShell({ type: 'settings', settings: { ...fake.world.state.settings, lock_after_minutes: 5 } })
    await settle()
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 6 * 60_000)
    window.dispatchEvent(new Event('pointermove'))
    expect(lock).toHaveBeenCalledOnce()
  })

  it('closes when the window is hidden, where that is set', async () => {
    const { fake } = await open('/chats')
    const lock = vi.spyOn(fake, 'lock')
    await fake.setLock('magpie')
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    document.dispatchEvent(new Event('visibilitychange'))
    expect(lock).not.toHaveBeenCalled()
    fake.emitShell({ type: 'settings', settings: { ...fake.world.state.settings, lock_after_minutes: 0 } })
    await settle()
    document.dispatchEvent(new Event('visibilitychange'))
    expect(lock).toHaveBeenCalledOnce()
  })

  it('is set up with the same passphrase twice, and taken away with it', async () => {
    const { type, submit, click, find, fake } = await open('/settings/lock')
    await type('field-lock', '123')
    await type('field-lock-repeat', '124')
    await submit()
    expect(document.body.textContent).toContain('at least 4 characters')
    expect(document.body.textContent).toContain('The two differ')
    await type('field-lock', '1234')
    await type('field-lock-repeat', '1234')
    await submit()
    await vi.waitFor(() => expect(find('lock-now')).not.toBeNull())
    expect(fake.world.state.lock).toBe('unlocked')
    expect(await stumbles()).toEqual([])
    await type('field-lock-present', '4321')
    await click('lock-remove')
    expect(find('form-error')?.textContent).toContain('That is not the passphrase')
    await type('field-lock-present', '1234')
    await click('lock-remove')
    await vi.waitFor(() => expect(find('field-lock')).not.toBeNull())
    expect(fake.world.state.lock).toBe('off')
  })
})

describe('a conversation in a window of its own', () => {
  it('is all there is, and tells nobody that the main window is ready', async () => {
    const { find, fake } = await open('/window/1003')
    await vi.waitFor(() => expect(find('composer')).not.toBeNull())
    expect(document.querySelector('nav')).toBeNull()
    expect(find('chat-title')?.closest('button')).toBeNull()
    expect(document.title).toBe('Bob Winter')
    expect(await stumbles()).toEqual([])
    find('chat-menu')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await vi.waitFor(() => expect(find('mute-hour')).not.toBeNull())
    expect(find('pop-out')).toBeNull()
    fake.emitShell({ type: 'close_asked', tray: true })
    await settle()
    expect(find('close-dialog')).toBeNull()
  })

  it('goes nowhere by keys', async () => {
    const { router, find } = await open('/window/1003')
    for (const init of [{ key: '2' }, { key: ',' }, { key: 'k' }]) {
      window.dispatchEvent(new KeyboardEvent('keydown', { ctrlKey: true, ...init }))
    }
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', altKey: true }))
    await settle()
    expect(router.currentRoute.value.fullPath).toBe('/window/1003')
    expect(find('switcher')).toBeNull()
  })
})

describe('what is looked at', () => {
  it('is said, with whether somebody looks', async () => {
    const { fake, router } = await open('/settings/about')
    const view = vi.spyOn(fake, 'setView')
    vi.spyOn(document, 'hasFocus').mockReturnValue(true)
    await router.push('/chats/1003')
    await settle()
    expect(view).toHaveBeenLastCalledWith(1003, expect.any(Boolean))
    window.dispatchEvent(new Event('focus'))
    await settle()
    expect(view).toHaveBeenLastCalledWith(1003, true)
    window.dispatchEvent(new Event('blur'))
    await settle()
    expect(view).toHaveBeenLastCalledWith(1003, false)
    await router.push('/contacts')
    await settle()
    expect(view).toHaveBeenLastCalledWith(null, false)
  })
})

describe('links', () => {
  it.each([
    [{ kind: 'person', user_id: 10004 }, '/contacts/person/10004'],
    [{ kind: 'conversation', conversation_id: 1003 }, '/chats/1003'],
  ] as const)('show what they name: %o', async (link, path) => {
    const { fake, router } = await open('/settings/about')
    fake.emitShell({ type: 'link', link })
    await vi.waitFor(() => expect(router.currentRoute.value.path).toBe(path))
  })

  it('go to a message, however far back, and say where there is none', async () => {
    const { fake, router, find } = await open('/settings/about')
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
    const { fake, router, find } = await open('/settings/about')
    fake.emitShell({ type: 'link', link: { kind: 'malformed' } })
    await settle()
    expect(find('toast')?.textContent).toContain('no link that Magpie can open')
    fake.emitShell({ type: 'link', link: { kind: 'elsewhere', server_url: 'https://evil.example' } })
    await settle()
    expect(document.body.textContent).toContain('belongs to https://evil.example')
    expect(router.currentRoute.value.path).toBe('/settings/about')
  })

  it('ask no server before somebody said so, and then bring the code along', async () => {
    const { fake, click, find, router } = await open('/settings/about')
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

  it('to a server that does not answer say why', async () => {
    const { fake, click, find } = await open('/sign-in', { scenario: 'signed_out' })
    fake.emitShell({ type: 'link', link: { kind: 'invitation', server_url: 'down.example.com', code: 'X' } })
    await settle()
    await click('invitation-take')
    expect(find('form-error')?.textContent).toContain('Nothing answers there')
  })

  it('into chats wait for somebody to sign in', async () => {
    const { fake, find } = await open('/sign-in', { scenario: 'signed_out' })
    fake.emitShell({ type: 'link', link: { kind: 'person', user_id: 1 } })
    await settle()
    expect(find('view-sign-in')).not.toBeNull()
    expect(find('toast')?.textContent).toContain('Sign in first')
  })

  it('of the tray lead to settings and requests', async () => {
    const { fake, router } = await open('/chats')
    fake.emitShell({ type: 'open_settings', section: 'notifications' })
    await vi.waitFor(() => expect(router.currentRoute.value.path).toBe('/settings/notifications'))
    fake.emitShell({ type: 'open_requests' })
    await vi.waitFor(() => expect(router.currentRoute.value.path).toBe('/contacts/requests'))
  })
})
