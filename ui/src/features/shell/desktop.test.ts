import { afterEach, describe, expect, it, vi } from 'vitest'
import { stumbles } from '@/testing/axe'
import { closeApp, openApp, settle } from '@/testing/mountApp'

afterEach(closeApp)

describe('closing the window', () => {
  it('asks, does what is said, and remembers it where that is wished', async () => {
    const { fake, click, find } = await openApp('/settings/window')
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
    const { fake, click, find } = await openApp('/chats')
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

describe('a conversation in a window of its own', () => {
  it('is all there is, and tells nobody that the main window is ready', async () => {
    const { find, fake } = await openApp('/window/1003')
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
    const { router, find } = await openApp('/window/1003')
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
    const { fake, router } = await openApp('/settings/about')
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
