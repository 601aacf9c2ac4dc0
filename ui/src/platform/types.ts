import type { Settings as StoredSettings } from './bindings'

export type { StoredSettings }

/** A type without gaps, all the way down. */
type Whole<T> = T extends unknown[] ? T : T extends object ? { [K in keyof T]-?: Whole<Exclude<T[K], undefined>> } : T

/** All settings. The platform takes some for missing, and never leaves one out of an answer. */
export type Settings = Whole<StoredSettings>

export type Notifications = Settings['notifications']
export type Proxy = Settings['proxy']
export type QuietHours = Notifications['quiet_hours']

// `Platform` is the host's name here; what a device runs on is `DevicePlatform`.
export type {
  Account,
  AccountLine,
  Answer,
  AppState,
  Body,
  CloseAction,
  Contacts,
  ConversationItem,
  ConversationKind,
  ConversationList,
  CoreEvent,
  Credentials,
  Delivery,
  Density,
  Device,
  DeviceView,
  ErrorCode,
  Failure,
  FailureCode,
  Friend,
  FriendRequest,
  FriendView,
  Gender,
  HostState,
  Language,
  Link,
  LinkState,
  LocalCode,
  LockState,
  MessageState,
  MessageView,
  Notice,
  OpenAt,
  Page,
  Pause,
  Person,
  Platform as DevicePlatform,
  Presence,
  Preview,
  ProxyKind,
  Registration,
  Relation,
  RememberedAccount,
  RequestState,
  SecretStorage,
  SendKey,
  SendStatus,
  ServerCheck,
  ServerInfo,
  ShellEvent,
  StorageUsed,
  SystemEvent,
  Theme,
  TimelineMarks,
  TimelinePage,
  TimelineSnapshot,
  UpdateAccount,
  UpdateRefusal,
  UpdateState,
  User,
} from './bindings'
