import type { AccountLine, Pause, StorageUsed, UpdateState } from '../bindings'
import type { Platform } from '../platform'
import { failure, type World } from './world'

type Part = Pick<
  Platform,
  | 'setMuted' | 'setQuiet' | 'setView' | 'accounts' | 'switchAccount' | 'storageUsed' | 'freeSpace' | 'diagnostics'
  | 'openLogFolder' | 'crates' | 'setLock' | 'removeLock' | 'lock' | 'unlock' | 'forgetLock' | 'answerClose' | 'pageReady' | 'popOut'
  | 'updateState' | 'checkUpdate' | 'installUpdate' | 'restartToUpdate'
>

const HOUR = 3_600_000
const MB = 1_000_000
/** What stands for "until it is taken back". */
const ALWAYS = Number.MAX_SAFE_INTEGER

/** What the app does as a program on a desktop. The passphrase that fits is the one that was set. */
export function desktop(world: World, passphrase?: string): Part {
  const { state } = world
  let secret = passphrase
  let wrong = 0
  let used: StorageUsed = { messages: 148 * MB, search: 61 * MB, other: 3 * MB, free: 96 * MB, message_count: 402_118 }

  let update: UpdateState = { state: 'unknown' }

  function until(pause: Pause | null): number | null {
    switch (pause) {
      case null:
        return null
      case 'always':
        return ALWAYS
      case 'tomorrow': {
        const morning = new Date(world.now())
        morning.setDate(morning.getDate() + 1)
        return morning.setHours(8, 0, 0, 0)
      }
      default:
        return world.now() + (pause === 'hour' ? HOUR : 8 * HOUR)
    }
  }

  function lines(): AccountLine[] {
    const { account, server_url, account_key } = state
    if (account === null) {
      return world.others
    }
    const { id: user_id, username, nickname } = account.user
    const own: AccountLine = {
      key: account_key ?? '', server_url: server_url ?? '', server_name: 'Example & Friends', user_id, username, nickname,
      unread: world.unreadTotal(), signed_in: true, current: true,
    }
    return [own, ...world.others]
  }

  function setLockState(lock: typeof state.lock): null {
    state.lock = lock
    world.emitShell({ type: 'lock', lock })
    return null
  }

  function check(entered: string): void {
    if (entered !== secret) {
      wrong += 1
      throw failure('wrong_passphrase', wrong > 2 ? 1_000 * 2 ** (wrong - 3) : null)
    }
    wrong = 0
  }

  function setUpdate(now: UpdateState): UpdateState {
    update = now
    world.emitShell({ type: 'update', update })
    return update
  }

  return {
    setMuted: (id, pause) =>
      world.answer(() => {
        const chat = world.chat(id)
        chat.mutedUntil = until(pause)
        world.changed(chat, [])
        return null
      }),
    setQuiet: (pause) =>
      world.answer(() => {
        state.settings = { ...state.settings, quiet_until: until(pause) }
        world.emitShell({ type: 'settings', settings: state.settings })
        return state.settings
      }),
    setView: () => world.answer(() => null),
    accounts: () => world.answer(lines),
    switchAccount: (key) =>
      world.answer(() => {
        const to = world.others.find((one) => one.key === key)
        const [own] = lines()
        if (to === undefined || own === undefined || state.account === null) {
          throw failure('not_signed_in')
        }
        world.others = world.others.map((one) => (one.key === key ? { ...own, current: false } : one))
        const { user_id: id, username, nickname } = to
        state.account = { ...state.account, user: { ...state.account.user, id, username, nickname } }
        state.account_key = key
        state.server_url = to.server_url
        world.emitShell({ type: 'accounts', accounts: lines() })
        return null
      }),
    storageUsed: () => world.answer(() => used),
    freeSpace: async () => {
      for (const done of [0, 30_000, 60_000]) {
        world.emitShell({ type: 'storage', done, total: 60_000 })
        await world.answer(() => null)
      }
      return world.answer(() => {
        used = { ...used, messages: 71 * MB, search: 42 * MB, free: 0, message_count: 212_004 }
        return used
      })
    },
    diagnostics: () => world.answer(() => `Magpie ${state.version}\nlinux, fake\nlink: ${state.link?.state ?? 'none'}\n`),
    openLogFolder: () => world.answer(() => null),
    crates: () =>
      world.answer(() => [
        { name: 'serde', version: '1.0.229', licence: 'MIT OR Apache-2.0', address: 'https://github.com/serde-rs/serde' },
        { name: 'tauri', version: '2.12.5', licence: 'Apache-2.0 OR MIT', address: 'https://github.com/tauri-apps/tauri' },
      ]),
    setLock: (entered) =>
      world.answer(() => {
        secret = entered
        return setLockState('unlocked')
      }),
    removeLock: (entered) =>
      world.answer(() => {
        check(entered)
        secret = undefined
        return setLockState('off')
      }),
    lock: () => world.answer(() => setLockState('locked')),
    unlock: (entered) =>
      world.answer(() => {
        check(entered)
        return setLockState('unlocked')
      }),
    forgetLock: () =>
      world.answer(() => {
        secret = undefined
        Object.assign(state, { account: null, account_key: null, server_url: null, link: null, remembered: [] })
        return setLockState('off')
      }),
    answerClose: (how, remember) =>
      world.answer(() => {
        if (remember) {
          state.settings = { ...state.settings, close: how }
          world.emitShell({ type: 'settings', settings: state.settings })
        }
        return null
      }),
    pageReady: () => world.answer(() => null),
    popOut: () => world.answer(() => null),
    updateState: () => world.answer(() => update),
    checkUpdate: async () => {
      setUpdate({ state: 'checking' })
      return world.answer(() =>
        setUpdate({
          state: 'available',
          version: '0.2.0',
          notes: '### Added\n\n- Search finds words of two characters.\n- Voice messages play while you\n  write.\n\n### Fixed\n\n- The list jumped when an old chat was opened.',
          size: 18_400_000,
        }),
      )
    },
    installUpdate: async () => {
      if (update.state !== 'available') {
        throw failure('internal')
      }
      const { version, notes, size } = update
      for (const part of [0, 0.4, 0.8]) {
        setUpdate({ state: 'downloading', version, done: Math.round((size ?? 0) * part), total: size })
        await world.answer(() => null)
      }
      setUpdate({ state: 'ready', version, notes })
      return null
    },
    restartToUpdate: () => world.answer(() => null),
  }
}
