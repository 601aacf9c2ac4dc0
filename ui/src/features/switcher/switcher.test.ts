import { afterEach, describe, expect, it, vi } from 'vitest'
import { stumbles } from '@/testing/axe'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'
import type { ConversationItem, FriendView } from '@/platform'
import { find as findPlaces, places } from './places'

let mounted: MountedApp | undefined

async function open(...given: Parameters<typeof mountApp>): Promise<MountedApp> {
  mounted = await mountApp(...given)
  await vi.waitFor(() => expect(document.querySelector('[data-testid^=view-]')).not.toBeNull())
  await settle()
  return mounted
}

async function press(key: string, init: KeyboardEventInit = {}): Promise<KeyboardEvent> {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init })
  ;(document.activeElement ?? document.body).dispatchEvent(event)
  await settle()
  return event
}

const names = (): (string | undefined)[] =>
  mounted?.all('switcher-item').map((one) => one.querySelector('.name')?.textContent) ?? []

afterEach(() => {
  mounted?.app.unmount()
  mounted = undefined
})

describe('the quick switcher', () => {
  it('opens on Ctrl+K with the latest chats, the one in view last', async () => {
    const { fake, router, find } = await open('/settings/about')
    const [first, second] = fake.world.lines()
    await router.push(`/chats/${String(first?.id)}`)
    await settle()
    await press('k', { ctrlKey: true })
    expect(names()[0]).toBe(second?.title)
    expect(names().at(-1)).toBe(first?.title)
    expect(await stumbles(find('switcher') ?? undefined)).toEqual([])
  })

  it('is walked by arrows, says where one is, and goes there on Enter', async () => {
    const { find, type, router, all } = await open('/settings/about')
    await press('k', { ctrlKey: true })
    const field = await vi.waitUntil(() => find('switcher-query'))
    await vi.waitFor(() => expect(document.activeElement).toBe(field))
    await type('switcher-query', 'a')
    const [, second] = all('switcher-item')
    await press('ArrowDown')
    expect(field.getAttribute('aria-activedescendant')).toBe(second?.id)
    expect(second?.getAttribute('aria-selected')).toBe('true')
    await press('ArrowUp')
    await press('ArrowUp')
    expect(field.getAttribute('aria-activedescendant')).toBe(all('switcher-item').at(-1)?.id)
    await type('switcher-query', 'win')
    expect(names()).toEqual(['Bob Winter'])
    await press('Enter')
    await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/chats/1003'))
    expect(find('switcher')).toBeNull()
  })

  it('goes where one was, whatever comes meanwhile, and says who is there', async () => {
    const { fake, router } = await open('/settings/about')
    fake.setPresence({ user_id: fake.world.lines()[2]?.peer?.id ?? 0, online: true, last_seen_at: null })
    await press('k', { ctrlKey: true })
    const picked = fake.world.lines()[2]
    await press('ArrowDown')
    await press('ArrowDown')
    expect(document.querySelector('[data-testid=switcher-item][aria-selected=true]')?.textContent).toContain('online')
    fake.receive(fake.world.lines().at(-1)?.id ?? 0, 'now on top')
    await settle()
    await press('Enter')
    await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe(`/chats/${String(picked?.id)}`))
  })

  it('leaves Enter to an input method that composes', async () => {
    const { find, router } = await open('/settings/about')
    await press('k', { ctrlKey: true })
    await vi.waitFor(() => expect(document.activeElement).toBe(find('switcher-query')))
    await press('Enter', { isComposing: true })
    await press('Enter', { keyCode: 229 })
    expect(router.currentRoute.value.name).toBe('settings')
  })

  it('finds friends without a chat in the list, and says where there is nobody', async () => {
    const { type, click, router, find } = await open('/settings/about')
    await press('k', { ctrlKey: true })
    await type('switcher-query', 'nobody at all')
    expect(names()).toEqual([])
    expect(find('switcher')?.textContent).toContain('“nobody at all”')
    await type('switcher-query', '10008')
    expect(names()).toEqual(['Zoë 🌿'])
    await click('switcher-item')
    await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/chats/1008'))
  })

  it('stays away where nobody is signed in', async () => {
    const { find } = await open('/sign-in', { scenario: 'signed_out' })
    await press('k', { ctrlKey: true })
    expect(find('switcher')).toBeNull()
  })
})

describe('what is found', () => {
  const talk = (id: number, title: string, username: string, spelling = ''): ConversationItem => ({
    id, kind: 'direct', title, spelling, peer: { id: id + 100, username, nickname: title, signature: '', gender: 'unspecified', region: '' },
    preview: null, updated_at: 0, unread: 0, failed: 0, draft: null, muted_until: null,
  })
  const friend = (conversation: number, name: string, spelling: string): FriendView => {
    const user = { id: conversation + 100, username: `u${String(conversation)}`, nickname: name, signature: '', gender: 'unspecified', region: '' } as const
    return { friend: { user, remark: '', since: 0, conversation_id: conversation }, name, initial: 'W', spelling }
  }
  const all = places([talk(1, 'Anna Wang', 'anna'), talk(2, '王磊', 'lei_w', 'wang lei'), talk(3, 'Uwe', 'uwe')], [friend(2, '王磊', 'wang lei'), friend(9, '吴敏', 'wu min')])
  const found = (query: string, here?: number) => findPlaces(all, query, here).map(({ conversationId }) => conversationId)

  it('has everybody once', () => {
    expect(all.map(({ conversationId }) => conversationId)).toEqual([1, 2, 3, 9])
    expect(found('', 2)).toEqual([1, 3, 9, 2])
  })

  it('is sorted by how well it fits', () => {
    expect(found('w')).toEqual([1, 2, 9, 3])
    expect(found('wa')).toEqual([1, 2])
    expect(found('wm')).toEqual([9])
    expect(found('王')).toEqual([2])
    expect(found(' LEI ')).toEqual([2])
    expect(found('x')).toEqual([])
  })
})

describe('the keys of the window', () => {
  it('show their own list', async () => {
    const { find, all } = await open('/settings/about')
    await press('/', { ctrlKey: true })
    await vi.waitFor(() => expect(find('shortcut-dialog')).not.toBeNull())
    expect(all('shortcut-group').map((one) => one.querySelector('h3')?.textContent)).toHaveLength(3)
    expect(find('shortcut-dialog')?.textContent).toContain('CtrlK')
    expect(await stumbles(find('shortcut-dialog') ?? undefined)).toEqual([])
    // Behind a dialog they rest.
    await press('k', { ctrlKey: true })
    expect(find('switcher')).toBeNull()
  })

  it('go from chat to chat and from view to view', async () => {
    const { router, fake } = await open('/settings/about')
    const [first, second] = fake.world.lines().map(({ id }) => `/chats/${String(id)}`)
    const at = (): string => router.currentRoute.value.fullPath
    await press('ArrowDown', { altKey: true })
    expect(at()).toBe(first)
    await press('ArrowDown', { altKey: true })
    expect(at()).toBe(second)
    await press('ArrowUp', { altKey: true })
    await press('ArrowUp', { altKey: true })
    expect(at()).toBe(first)
    await press('2', { ctrlKey: true })
    expect(at()).toBe('/contacts')
    await press(',', { ctrlKey: true })
    expect(at()).toBe('/settings')
    // More keys than asked for are other keys.
    await press('1', { ctrlKey: true, altKey: true })
    expect(at()).toBe('/settings')
    await press('1', { ctrlKey: true })
    expect(at()).toBe('/chats')
  })

  it('zoom in steps, to the end and back', async () => {
    const { fake } = await open('/settings/about')
    const zoom = (): number | undefined => fake.world.state.settings.zoom
    await press('+', { ctrlKey: true, shiftKey: true })
    expect(zoom()).toBe(110)
    await press('=', { ctrlKey: true })
    expect(zoom()).toBe(125)
    for (let i = 0; i < 12; i += 1) {
      await press('-', { ctrlKey: true })
    }
    expect(zoom()).toBe(50)
    await press('0', { ctrlKey: true })
    expect(zoom()).toBe(100)
  })
})

describe('muting', () => {
  it('is done from the menu of a line, marks it, and is taken back', async () => {
    const { find, all, fake, click } = await open('/chats')
    const line = await vi.waitUntil(() => all('conversation-item')[0])
    line.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true }))
    await vi.waitFor(() => expect(find('mute-always')).not.toBeNull())
    expect(find('mute-hour')?.textContent).toContain('Mute: 1 hour')
    expect(await stumbles()).toEqual([])
    await click('mute-always')
    await vi.waitFor(() => expect(find('conversation-muted')).not.toBeNull())
    expect(all('conversation-muted')).toHaveLength(1)
    expect(all('conversation-item')[0]?.contains(find('conversation-muted'))).toBe(true)
    expect(find('conversation-unread')?.classList).toContain('quiet')
    await vi.waitFor(() => expect(document.querySelector('[role=menu]')).toBeNull())
    // The menu that closed gives the focus back a moment later, which closes one that was opened too soon.
    await vi.waitFor(() => {
      if (find('unmute') === null) {
        all('conversation-item')[0]?.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true }))
      }
      expect(find('unmute')).not.toBeNull()
    }, { timeout: 10_000 })
    await click('unmute')
    await vi.waitFor(() => expect(find('conversation-muted')).toBeNull())
    expect(fake.world.lines()[0]?.muted_until).toBeNull()
  })

  it('is done above the messages too, and opens a window there', async () => {
    const { find, fake, click } = await open('/chats/1003')
    const out = vi.spyOn(fake, 'popOut')
    const menu = await vi.waitUntil(() => find('chat-menu'))
    menu.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await vi.waitFor(() => expect(find('mute-tomorrow')).not.toBeNull())
    await click('mute-tomorrow')
    await vi.waitFor(() => expect(find('chat-muted')).not.toBeNull())
    menu.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await vi.waitFor(() => expect(find('pop-out')).not.toBeNull())
    await click('pop-out')
    expect(out).toHaveBeenCalledWith(1003)
  })

  it('that has run out marks nothing', async () => {
    const { find, fake } = await open('/chats')
    const chat = fake.world.chats[0]
    if (chat) {
      chat.mutedUntil = Date.now() - 60_000
      fake.world.changed(chat, [])
    }
    await settle()
    expect(find('conversation-muted')).toBeNull()
  })
})
