import type {
  AccountLine, AppState, ConversationItem, Contacts, CoreEvent, Failure, FailureCode, Presence, Settings, ShellEvent,
} from '../bindings'
import type { Stop } from '../platform'
import { unset } from '../unset'
import { chats, line, marks, unread, type FakeChat } from './chats'
import { friends, myAccount, presence, requests, strangers } from './people'

/** What a fake starts from. */
export interface FakeOptions {
  /** `full`: signed in, with chats. `fresh`: signed in, nobody known yet. `signed_out`: at the start. */
  scenario?: 'full' | 'fresh' | 'signed_out' | 'first_start'
  /** The wall clock. */
  now?: () => number
  /** How long every answer takes, in milliseconds; 0 answers at once. */
  delay?: number
  settings?: Partial<Settings>
  locale?: string | null
  /** The app is locked with it. */
  passphrase?: string
  /** How many accounts are signed in. */
  accounts?: number
}

/** All that the fake knows: what would lie in the core's database and on the server. */
export class World {
  state: AppState
  contacts: Contacts = { friends: [], received: [], sent: [], blocked: [], pending: 0 }
  chats: FakeChat[] = []
  others: AccountLine[] = []
  readonly presence = new Map<number, Presence>()
  online = true
  lastNumber = 1
  readonly now: () => number
  readonly delay: number
  private readonly handlers = new Set<(event: CoreEvent) => void>()
  private readonly shellHandlers = new Set<(event: ShellEvent) => void>()

  constructor(options: FakeOptions) {
    this.now = options.now ?? (() => Date.now())
    this.delay = options.delay ?? 0
    const scenario = options.scenario ?? 'full'
    this.state = firstState(options, scenario, this.now())
    this.others = otherAccounts(options.accounts ?? 1)
    if (scenario === 'full') {
      this.fill()
    }
  }

  /** Gives everybody and everything that somebody with forty days of use has. */
  fill(): void {
    const now = this.now()
    this.contacts = { friends: friends(now), ...requests(now), blocked: strangers.slice(3, 4), pending: 0 }
    this.countPending()
    this.chats = chats(this.contacts.friends, now)
    presence(now).forEach((one) => this.presence.set(one.user_id, one))
  }

  countPending(): void {
    this.contacts.pending = this.contacts.received.filter((r) => r.state === 'pending').length
  }

  on(handler: (event: CoreEvent) => void): Stop {
    this.handlers.add(handler)
    return () => this.handlers.delete(handler)
  }

  emit(event: CoreEvent): void {
    for (const handler of this.handlers) {
      handler(structuredClone(event))
    }
  }

  onShell(handler: (event: ShellEvent) => void): Stop {
    this.shellHandlers.add(handler)
    return () => this.shellHandlers.delete(handler)
  }

  emitShell(event: ShellEvent): void {
    for (const handler of this.shellHandlers) {
      handler(structuredClone(event))
    }
  }

  /** Says that a conversation changed, as the core does. */
  changed(chat: FakeChat, ids: string[], removed: string[] = []): void {
    const messages = chat.messages.filter((m) => ids.includes(m.id))
    this.emit({ type: 'timeline', conversation_id: chat.id, messages, removed, marks: marks(chat) })
    this.emit({ type: 'conversations', items: [line(chat)], unread_total: this.unreadTotal() })
  }

  unreadTotal(): number {
    return this.chats.reduce((sum, chat) => sum + unread(chat), 0)
  }

  lines(): ConversationItem[] {
    return this.chats.map(line).sort((a, b) => b.updated_at - a.updated_at)
  }

  chat(id: number): FakeChat {
    const chat = this.chats.find((c) => c.id === id)
    if (chat === undefined) {
      throw failure('conversation_not_found')
    }
    return chat
  }

  /** Answers as a host does: later, with a copy, and with a {@link Failure} where `work` throws. */
  async answer<T>(work: () => T): Promise<T> {
    await (this.delay > 0 ? new Promise((resolve) => setTimeout(resolve, this.delay)) : Promise.resolve())
    return structuredClone(work())
  }

  /** Ends the call where the server would have to be asked and cannot be. */
  needServer(): void {
    if (!this.online) {
      throw failure('unreachable')
    }
  }
}

function firstState(options: FakeOptions, scenario: string, now: number): AppState {
  const signedIn = scenario === 'full' || scenario === 'fresh'
  const account = myAccount(now)
  return {
    account: signedIn ? account : null,
    account_key: signedIn ? 'chat.example.com-10001' : null,
    server_url: signedIn ? 'https://chat.example.com' : null,
    link: signedIn ? { state: 'online' } : null,
    settings: { ...unset, ...options.settings },
    remembered: scenario === 'first_start' ? [] : [
      remembered('chat.example.com-10001', 'https://chat.example.com', 'Example & Friends', account.user, now),
      remembered('home-10040', 'http://192.168.1.20:8787', 'Home', { id: 10040, username: 'dad', nickname: 'Dad' }, now - 9e8),
    ],
    secret_storage: 'keychain',
    host: { state: 'off' },
    notices: [],
    platform: 'linux',
    version: '0.1.0',
    locale: options.locale ?? null,
    lock: options.passphrase === undefined ? 'off' : 'locked',
    tray: true,
  }
}

/** Somebody's other accounts: at work with many unread messages, and one with a long name. */
function otherAccounts(count: number): AccountLine[] {
  const line = (key: string, server_name: string, user_id: number, nickname: string, unread: number): AccountLine => ({
    key, server_url: `https://${server_name}`, server_name, user_id, username: key, nickname, unread, signed_in: true, current: false,
  })
  return [
    line('work', 'work.example.org', 10450, 'Ming Li (Work)', 12),
    line('club', 'climbing.example.net', 10007, 'Maximilian-Alexander von und zu Hohenstein', 0),
  ].slice(0, count - 1)
}

function remembered(
  key: string,
  server_url: string,
  server_name: string,
  who: { id: number; username: string; nickname: string },
  last_used_at: number,
): AppState['remembered'][number] {
  return { key, server_url, server_name, user_id: who.id, username: who.username, nickname: who.nickname, last_used_at }
}

export function failure(code: FailureCode, retry_after_ms: number | null = null): Failure {
  return { code, message: code, retry_after_ms }
}
