import type { CoreEvent, FailureCode, Language, Presence, ShellEvent, Theme } from '../bindings'
import type { Platform } from '../platform'
import { account } from './account'
import { lastSeq, text } from './chats'
import { contacts } from './contacts'
import { desktop } from './desktop'
import { timeline } from './timeline'
import { World, type FakeOptions } from './world'

export { failure, World, type FakeOptions } from './world'

/** A host in memory, with handles for tests. */
export type Fake = Platform & {
  world: World
  /** Sends an event as the core would. */
  emit: (event: CoreEvent) => void
  /** Sends an event as the shell would. */
  emitShell: (event: ShellEvent) => void
  /** Lets the other person of a conversation write. */
  receive: (conversationId: number, words: string) => void
  /** Lets somebody come or go. */
  setPresence: (presence: Presence) => void
  /** Cuts the link, or mends it. */
  setOnline: (online: boolean, reason?: FailureCode) => void
}

/** Makes a host in memory: the same commands, the same events, realistic people. */
export function createFake(options: FakeOptions = {}): Fake {
  const world = new World(options)
  return {
    ...account(world),
    ...contacts(world),
    ...timeline(world),
    ...desktop(world, options.passphrase),
    listen: (handler) => Promise.resolve(world.on(handler)),
    listenShell: (handler) => Promise.resolve(world.onShell(handler)),
    world,
    emit: (event) => world.emit(event),
    emitShell: (event) => world.emitShell(event),
    receive: (conversationId, words) => {
      const chat = world.chat(conversationId)
      const waiting = chat.messages.filter((m) => m.seq === null)
      const message = text(chat.id, lastSeq(chat) + 1, chat.peer.id, words, world.now())
      chat.messages = [...chat.messages.filter((m) => m.seq !== null), message, ...waiting]
      world.changed(chat, [message.id])
    },
    setPresence: (presence) => {
      world.presence.set(presence.user_id, presence)
      world.emit({ type: 'presence', whole: false, people: [presence] })
    },
    setOnline: (online, reason = 'unreachable') => {
      world.online = online
      if (!online) {
        world.presence.clear()
        world.emit({ type: 'presence', whole: true, people: [] })
      }
      const now = world.now()
      world.state.link = online ? { state: 'online' } : { state: 'offline', since: now, retry_at: now + 30_000, reason }
      world.emit({ type: 'link', link: world.state.link })
    },
  }
}

/**
 * Makes the fake for a plain browser, as its address asks for it:
 * `?scenario=fresh&theme=dark&language=zh-CN&offline&accounts&passphrase=1234`. It can be reached as `magpieFake` from the
 * browser's console.
 */
export function fakeFromAddress(query: string): Fake {
  const asked = new URLSearchParams(query)
  const fake = createFake({
    scenario: (asked.get('scenario') ?? 'full') as FakeOptions['scenario'],
    passphrase: asked.get('passphrase') ?? undefined,
    accounts: asked.has('accounts') ? 3 : 1,
    delay: 60,
    settings: {
      theme: (asked.get('theme') ?? 'system') as Theme,
      language: (asked.get('language') ?? 'system') as Language,
    },
  })
  if (asked.has('offline')) {
    fake.setOnline(false)
  }
  Object.assign(window, { magpieFake: fake })
  return fake
}
