// Written by hand until the shell generates it.
import { invoke } from '@tauri-apps/api/core'
import { listen, type EventCallback, type UnlistenFn } from '@tauri-apps/api/event'

export const commands = {
  appState: () => invoke<AppState>('app_state'),
  setSettings: (settings: Settings) => invoke<Settings>('set_settings', { settings }),
  checkServer: (address: string) => invoke<ServerCheck>('check_server', { address }),
  hostStart: (shared: boolean) => invoke<HostState>('host_start', { shared }),
  hostStop: () => invoke<HostState>('host_stop'),
  register: (registration: Registration) => invoke<Account>('register', { registration }),
  signIn: (credentials: Credentials) => invoke<Account>('sign_in', { credentials }),
  signOut: () => invoke<null>('sign_out'),
  forgetAccount: (key: string) => invoke<null>('forget_account', { key }),
  reconnect: () => invoke<null>('reconnect'),
  updateAccount: (update: UpdateAccount) => invoke<Account>('update_account', { update }),
  changePassword: (old: string, newPassword: string) =>
    invoke<null>('change_password', { old, new: newPassword }),
  devices: () => invoke<DeviceView[]>('devices'),
  endDevice: (id: number) => invoke<null>('end_device', { id }),
  contacts: () => invoke<Contacts>('contacts'),
  searchPeople: (query: string, cursor: string | null) =>
    invoke<Page<Person>>('search_people', { query, cursor }),
  person: (id: number) => invoke<Person>('person', { id }),
  requestFriend: (id: number, message: string) => invoke<null>('request_friend', { id, message }),
  answerRequest: (id: number, answer: Answer) => invoke<null>('answer_request', { id, answer }),
  setRemark: (id: number, remark: string) => invoke<null>('set_remark', { id, remark }),
  removeFriend: (id: number) => invoke<null>('remove_friend', { id }),
  setBlocked: (id: number, blocked: boolean) => invoke<null>('set_blocked', { id, blocked }),
  conversations: () => invoke<ConversationList>('conversations'),
  setDraft: (id: number, text: string) => invoke<null>('set_draft', { id, text }),
  openTimeline: (id: number, at: OpenAt) => invoke<TimelineSnapshot>('open_timeline', { id, at }),
  older: (id: number, beforeSeq: number) => invoke<TimelinePage>('older', { id, beforeSeq }),
  newer: (id: number, afterSeq: number) => invoke<TimelinePage>('newer', { id, afterSeq }),
  markRead: (id: number, seq: number) => invoke<null>('mark_read', { id, seq }),
  sendText: (id: number, text: string) => invoke<MessageView>('send_text', { id, text }),
  retryMessage: (id: string) => invoke<null>('retry_message', { id }),
  deleteUnsent: (id: string) => invoke<null>('delete_unsent', { id }),
  openLink: (url: string) => invoke<null>('open_link', { url }),
}

export const events = {
  coreEvent: {
    listen: (handler: EventCallback<CoreEvent>): Promise<UnlistenFn> => listen('core-event', handler),
  },
}

export type Account = {
  user: User
  email: string | null
  birthday: string | null
  created_at: number
}

export type Answer = 'accept' | 'reject' | 'ignore'

export type AppState = {
  account: Account | null
  account_key: string | null
  server_url: string | null
  server_name: string | null
  link: LinkState | null
  settings: Settings
  remembered: RememberedAccount[]
  secret_storage: SecretStorage
  host: HostState
  notices: Notice[]
  platform: string
  version: string
  locale: string | null
}

export type Body =
  | ({ kind: 'text' } & Text)
  | ({ kind: 'system' } & SystemEvent)
  | { kind: 'unsupported' }

export type Contacts = {
  friends: FriendView[]
  received: FriendRequest[]
  sent: FriendRequest[]
  blocked: User[]
  pending: number
}

export type ConversationItem = {
  id: number
  kind: ConversationKind
  title: string
  peer: User | null
  preview: Preview | null
  updated_at: number
  unread: number
  failed: number
  draft: string | null
}

export type ConversationKind = 'direct' | 'group'

export type ConversationList = { items: ConversationItem[]; unread_total: number }

export type CoreEvent =
  | { type: 'link'; link: LinkState }
  | { type: 'account'; account: Account }
  | { type: 'contacts' }
  | { type: 'conversations'; items: ConversationItem[]; unread_total: number }
  | {
      type: 'timeline'
      conversation_id: number
      messages: MessageView[]
      removed: string[]
      marks: TimelineMarks
    }
  | { type: 'signed_out'; failure: Failure }
  | { type: 'notice'; notice: Notice }
  | { type: 'resync' }

export type Credentials = { server_url: string; login: string; password: string }

export type Delivery =
  | { delivery: 'sending' }
  | { delivery: 'failed' }
  | { delivery: 'stored'; state: MessageState }

export type Device = {
  id: number
  name: string
  platform: Platform
  created_at: number
  last_seen_at: number
}

export type DeviceView = { device: Device; current: boolean }

export type ErrorCode =
  | 'invalid_request'
  | 'too_large'
  | 'no_such_route'
  | 'unauthenticated'
  | 'token_expired'
  | 'session_ended'
  | 'wrong_credentials'
  | 'rate_limited'
  | 'registration_closed'
  | 'invalid_username'
  | 'invalid_nickname'
  | 'invalid_email'
  | 'invalid_password'
  | 'invalid_profile'
  | 'username_taken'
  | 'email_taken'
  | 'user_not_found'
  | 'device_not_found'
  | 'not_with_yourself'
  | 'already_friends'
  | 'not_friends'
  | 'request_too_soon'
  | 'request_not_found'
  | 'request_answered'
  | 'blocked'
  | 'blocked_by_you'
  | 'conversation_not_found'
  | 'message_not_found'
  | 'message_id_taken'
  | 'invalid_content'
  | 'cursor_ahead'
  | 'unavailable'
  | 'internal'
  | 'unknown'

export type Failure = { code: FailureCode; message: string; retry_after_ms: number | null }

export type FailureCode = LocalCode | ErrorCode

export type Friend = {
  user: User
  remark: string
  since: number
  conversation_id: number
  deleted: boolean
}

export type FriendRequest = {
  id: number
  from: User
  to: User
  message: string
  state: RequestState
  created_at: number
  expires_at: number
}

export type FriendView = { friend: Friend; name: string; initial: string }

export type Gender = 'unspecified' | 'female' | 'male' | 'other'

export type HostState =
  | { state: 'off' }
  | { state: 'running'; url: string; addresses: string[]; shared: boolean }

export type Language = 'system' | 'zh-CN' | 'en'

export type LinkState =
  | { state: 'connecting'; since: number | null }
  | { state: 'syncing' }
  | { state: 'online' }
  | { state: 'offline'; since: number; retry_at: number; reason: FailureCode }
  | { state: 'signed_out' }

export type LocalCode =
  | 'invalid_address'
  | 'unreachable'
  | 'timed_out'
  | 'certificate_invalid'
  | 'not_magpie'
  | 'server_too_old'
  | 'app_too_old'
  | 'not_signed_in'
  | 'password_length'
  | 'disk_full'
  | 'storage'
  | 'keychain'
  | 'port_taken'
  | 'folder_in_use'
  | 'internal'

export type MessageState = 'sent' | 'delivered' | 'read'

export type MessageView = {
  id: string
  seq: number | null
  queue_order: number | null
  sender_id: number | null
  mine: boolean
  body: Body
  created_at: number
  status: SendStatus
}

export type Notice = 'cache_rebuilt' | 'cache_rebuilt_outbox_lost' | 'secrets_in_file' | 'task_failed'

export type OpenAt = 'unread' | 'latest'

export type Page<T> = { items: T[]; next?: string | null }

export type Person = { user: User; relation: Relation; blocked: boolean }

export type Platform = 'linux' | 'macos' | 'windows' | 'other'

export type Preview = { sender_id: number | null; body: Body; delivery: Delivery | null }

export type Registration = {
  server_url: string
  username: string
  nickname: string
  email: string | null
  password: string
}

export type Relation =
  | { relation: 'myself' }
  | { relation: 'friend'; friend: Friend }
  | { relation: 'asks'; request: FriendRequest }
  | { relation: 'asked'; request: FriendRequest }
  | { relation: 'stranger' }

export type RememberedAccount = {
  key: string
  server_url: string
  server_name: string
  user_id: number
  username: string
  nickname: string
  last_used_at: number
}

export type RequestState = 'pending' | 'accepted' | 'rejected' | 'ignored'

export type SecretStorage = 'keychain' | 'file'

export type SendStatus =
  | { status: 'stored' }
  | { status: 'sending' }
  | { status: 'failed'; failure: Failure }

export type ServerCheck = { url: string; info: ServerInfo }

export type ServerInfo = {
  product: string
  name: string
  version: string
  protocol: number
  protocol_min: number
  registration: 'open' | 'closed'
}

export type Settings = {
  theme: Theme
  language: Language
  recent_emoji: string[]
  skin_tone: number
  host_shared: boolean
  host_enabled: boolean
}

export type SystemEvent =
  | { event: 'befriended'; requester: number; accepter: number; message: string }
  | { event: 'unknown' }

export type Text = { text: string }

export type Theme = 'system' | 'light' | 'dark'

export type TimelineMarks = {
  last_seq: number
  read_seq: number
  unread: number
  others_delivered_seq: number
  others_read_seq: number
}

export type TimelinePage = { messages: MessageView[]; has_more: boolean }

export type TimelineSnapshot = {
  conversation_id: number
  title: string
  peer: User | null
  messages: MessageView[]
  has_older: boolean
  has_newer: boolean
  marks: TimelineMarks
  draft: string | null
  closed: FailureCode | null
}

export type UpdateAccount = {
  nickname?: string | null
  signature?: string | null
  gender?: Gender | null
  birthday?: string | null
  region?: string | null
}

export type User = {
  id: number
  username: string
  nickname: string
  signature: string
  gender: Gender
  region: string
}
