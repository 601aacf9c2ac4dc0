import { afterEach, describe, expect, it, vi } from 'vitest'
import { failure } from '@/platform/fake'
import { useSession } from '@/stores/session'
import { stumbles } from '@/testing/axe'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'

let mounted: MountedApp | undefined

async function open(...given: Parameters<typeof mountApp>): Promise<MountedApp> {
  mounted = await mountApp(...given)
  await vi.waitFor(() => expect(document.querySelector('[data-testid^=view-]')).not.toBeNull())
  await settle()
  return mounted
}

function press(init: KeyboardEventInit): string | null {
  const target = document.activeElement ?? document.body
  target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }))
  return document.activeElement?.closest('[data-testid]')?.getAttribute('data-testid') ?? null
}

afterEach(() => {
  mounted?.app.unmount()
  mounted = undefined
})

describe('F6', () => {
  it('goes from pane to pane, round and back', async () => {
    const { find } = await open('/settings/profile')
    const [forth, back] = [{ key: 'F6' }, { key: 'F6', shiftKey: true }]
    expect(press(forth)).toBe('rail-settings')
    expect(press(forth)).toBe('settings-section-profile')
    press(forth)
    find('field-nickname')?.focus()
    expect(press(forth)).toBe('rail-settings')
    // Where the focus was in a pane, it comes back to.
    expect(press(back)).toBe('field-nickname')
    press(back)
    expect(press(back)).toBe('rail-settings')
  })

  it('finds the place to write in a chat', async () => {
    const { fake, find } = await open('/chats')
    await mounted?.router.push(`/chats/${String(fake.world.lines()[0]?.id)}`)
    await vi.waitFor(() => expect(find('composer')).not.toBeNull())
    find('rail-contacts')?.focus()
    expect(press({ key: 'F6', shiftKey: true })).toBe('composer')
  })

  it('stays in a dialog', async () => {
    const { click, find } = await open('/settings')
    await click('sign-out')
    find('confirm')?.focus()
    expect(press({ key: 'F6' })).toBe('confirm')
  })
})

describe('the focus', () => {
  it('moves to what is left where its place has gone', async () => {
    const { find } = await open('/settings/profile')
    press({ key: 'Tab' })
    find('settings-section-about')?.focus()
    find('settings-section-about')?.remove()
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('data-testid')).toBe('settings-section-profile'))
  })

  it('goes into a view that was opened by keys', async () => {
    const { find } = await open('/settings')
    press({ key: '2', ctrlKey: true })
    await vi.waitFor(() => expect(find('view-contacts')?.contains(document.activeElement)).toBe(true))
  })

  it('is left alone where a pointer is used', async () => {
    const { find } = await open('/settings/profile')
    document.body.dispatchEvent(new Event('pointerdown', { bubbles: true }))
    find('settings-section-about')?.focus()
    find('settings-section-about')?.remove()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(document.activeElement).toBe(document.body)
  })
})

describe('the title', () => {
  it('counts what is unread', async () => {
    const { fake } = await open('/settings')
    const chat = fake.world.lines()[0]?.id ?? 0
    const before = fake.world.unreadTotal()
    fake.receive(chat, 'hello')
    await settle()
    expect(document.title).toBe(`(${String(before + 1)}) Magpie`)
  })

  it('is the name alone where nothing is', async () => {
    await open('/settings', { scenario: 'fresh' })
    expect(document.title).toBe('Magpie')
  })
})

describe('the page', () => {
  it('is marked while it is used by keys', async () => {
    await open('/settings')
    const { dataset } = document.documentElement
    expect(dataset.keys).toBeUndefined()
    press({ key: 'ArrowDown' })
    expect(dataset.keys).toBe('')
    document.body.dispatchEvent(new Event('pointerdown', { bubbles: true }))
    expect(dataset.keys).toBeUndefined()
  })
})

describe('the link', () => {
  it('stands as it was heard last, also while everything is read again', async () => {
    const { fake, find } = await open('/chats')
    const read = fake.appState
    vi.spyOn(fake, 'appState').mockImplementation(async () => {
      const state = await read()
      fake.emit({ type: 'link', link: { state: 'online' } })
      return { ...state, link: { state: 'syncing' } }
    })
    fake.emit({ type: 'link', link: { state: 'syncing' } })
    await settle()
    expect(find('link-line')).not.toBeNull()
    fake.emit({ type: 'resync' })
    await settle()
    expect(fake.appState).toHaveBeenCalled()
    expect(find('link-line')).toBeNull()
  })
})

describe('a start that failed', () => {
  it('goes on where it was to lead once it is tried again', async () => {
    const { router, click } = await open('/settings')
    const session = useSession()
    Object.assign(session, { account: null, state: null })
    session.failToStart(failure('storage'))
    await router.push('/chats/1003')
    expect(router.currentRoute.value.name).toBe('server')
    await click('start-again')
    await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/chats/1003'))
  })

  it('offers those to sign in who are known here', async () => {
    const { router, click, fake } = await open('/settings')
    const session = useSession()
    const nobody = { ...(await fake.appState()), account: null, account_key: null, server_url: null, link: null }
    Object.assign(session, { account: null, state: null })
    session.failToStart(failure('keychain'))
    await router.push('/chats')
    expect(router.currentRoute.value.name).toBe('server')
    vi.spyOn(fake, 'appState').mockResolvedValueOnce(nobody)
    await click('start-again')
    await vi.waitFor(() => expect(router.currentRoute.value.name).toBe('sign-in'))
  })

  it('can go on without the keychain that refused, and with nothing else', async () => {
    const { find, click, fake } = await open('/settings')
    const without = vi.spyOn(fake, 'doWithoutKeychain')
    const session = useSession()
    session.failToStart(failure('storage'))
    await settle()
    expect(find('start-without-keychain')).toBeNull()
    session.failToStart(failure('keychain'))
    await settle()
    expect(await stumbles()).toEqual([])
    await click('start-without-keychain')
    expect(without).toHaveBeenCalledOnce()
    await vi.waitFor(() => expect(find('start-again')).toBeNull())
  })
})
