import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { setLanguage, t } from '@/i18n'
import {
  platform,
  toFailure,
  unset,
  type Account,
  type AppState,
  type Credentials,
  type Failure,
  type HostState,
  type LinkState,
  type LockState,
  type Notice,
  type Pause,
  type Registration,
  type Settings,
  type UpdateAccount,
} from '@/platform'
import { onEvent, onShellEvent } from './events'
import { latest } from './latest'
import { applyLook } from './look'
import { useStart } from './start'
import { useToasts } from './toasts'

/** The account, the link and the settings: what the platform said last. */
export const useSession = defineStore('session', () => {
  const toasts = useToasts()
  const state = shallowRef<AppState | null>(null)
  const account = shallowRef<Account | null>(null)
  const link = shallowRef<LinkState | null>(null)
  const host = shallowRef<HostState>({ state: 'off' })
  const settings = shallowRef<Settings>(unset)
  const lock = shallowRef<LockState>('off')
  /** There is a tray to go to. */
  const tray = shallowRef(false)
  /** One change follows another, so that each begins with what the one before it left. */
  let changing: Promise<unknown> = Promise.resolve()
  let reloading: Promise<void> = Promise.resolve()
  /** The latest reading of the state; what locks the app ends it. */
  let reading: Promise<void> = Promise.resolve()
  const begin = latest()
  /** How often something was heard of the link. */
  let linksHeard = 0
  /** Why not even the state could be read. */
  const startFailure = shallowRef<Failure | null>(null)
  const signedIn = computed(() => account.value !== null)
  /** The account that the page shows; empty for none. */
  const accountKey = computed(() => state.value?.account_key ?? '')
  /** The one that the platform shows, to which the page may still be on its way. */
  const shownKey = shallowRef('')

  /** Reads the whole state. Where a later reading, or a lock, overtakes this one, only that counts. */
  function load(): Promise<void> {
    reading = read(begin())
    return reading
  }

  async function read(isLatest: () => boolean): Promise<void> {
    const before = linksHeard
    try {
      const read = await platform().appState()
      if (isLatest()) {
        take(read, before)
      }
      // They are told once, whoever asks.
      read.notices.forEach(notify)
    } catch (error) {
      if (isLatest()) {
        throw error
      }
    }
    if (!isLatest()) {
      await reading
    }
  }

  function take(read: AppState, before: number): void {
    state.value = read
    shownKey.value = read.account_key ?? ''
    account.value = read.account
    // What was said of the link meanwhile is newer than what was read.
    if (linksHeard === before || read.link === null) {
      link.value = read.link
    }
    host.value = read.host
    lock.value = read.lock
    tray.value = read.tray
    startFailure.value = null
    show(read.settings)
  }

  /** Reads it again, as the platform asked for it, and after `first`; `settled` waits for that. */
  function reload(first?: () => Promise<void>): Promise<void> {
    reloading = (first?.() ?? Promise.resolve()).then(load).catch((error: unknown) => {
      shownKey.value = accountKey.value
      toasts.showFailure(error)
    })
    return reloading
  }

  /** Waits until what is being read again is here. */
  function settled(): Promise<void> {
    return reloading
  }

  /** Shows another account. None is signed out. */
  async function switchAccount(key: string): Promise<void> {
    shownKey.value = key
    try {
      await platform().switchAccount(key)
      await load()
    } catch (error) {
      shownKey.value = accountKey.value
      throw error
    }
  }

  /** Shows the account that the platform shows now, once `leave` has left what belongs to the one before. */
  function turnTo(key: string, leave: () => Promise<void>): Promise<void> {
    if (lock.value === 'locked' || key === shownKey.value) {
      return reloading
    }
    shownKey.value = key
    // Where there is none, the app may be about to lock, to open at the same place again.
    return reload(key === '' ? undefined : leave)
  }

  function failToStart(error: unknown): void {
    startFailure.value = toFailure(error)
    setLanguage('system', null)
  }

  function show(read: Partial<Settings>): void {
    settings.value = { ...unset, ...read }
    applyLook(settings.value, state.value?.locale ?? null)
  }

  /** Changes some settings, or what `some` makes of those that the change before it left. */
  function change(some: Partial<Settings> | ((now: Settings) => Partial<Settings>)): Promise<void> {
    const mine = changing.then(async () => {
      const now = settings.value
      show(await platform().setSettings({ ...now, ...(typeof some === 'function' ? some(now) : some) }))
    })
    changing = mine.catch(() => undefined)
    return mine
  }

  /** Tells of nothing for a while, or does again. */
  async function setQuiet(pause: Pause | null): Promise<void> {
    show(await platform().setQuiet(pause))
  }

  async function register(registration: Registration): Promise<Account> {
    const made = await platform().register(registration)
    await load()
    return made
  }

  async function signIn(credentials: Credentials): Promise<void> {
    await platform().signIn(credentials)
    await load()
  }

  async function signOut(): Promise<void> {
    await platform().signOut()
    useStart().reset()
    await load()
  }

  async function updateAccount(update: UpdateAccount): Promise<void> {
    account.value = await platform().updateAccount(update)
  }

  /** Starts the built-in server, or starts it again with others let in or kept out; returns its address. */
  async function hostStart(shared: boolean): Promise<string> {
    host.value = await platform().hostStart(shared)
    return host.value.state === 'running' ? host.value.url : ''
  }

  async function hostStop(): Promise<void> {
    host.value = await platform().hostStop()
  }

  function notify(notice: Notice): void {
    const words = {
      cache_rebuilt: 'shell.noticeCacheRebuilt',
      cache_rebuilt_outbox_lost: 'shell.noticeCacheRebuiltOutboxLost',
      secrets_in_file: 'shell.noticeSecretsInFile',
      task_failed: 'shell.noticeTaskFailed',
    } as const
    toasts.show(t(words[notice]), notice === 'secrets_in_file' ? 'info' : 'bad')
  }

  onEvent('link', (event) => {
    linksHeard += 1
    link.value = event.link
  })
  onEvent('account', (event) => (account.value = event.account))
  onEvent('notice', (event) => notify(event.notice))
  onEvent('signed_out', () => {
    linksHeard += 1
    link.value = { state: 'signed_out' }
  })
  onEvent('resync', () => void reload())
  onShellEvent('settings', (event) => show(event.settings))
  onShellEvent('tray', (event) => (tray.value = event.tray))
  onShellEvent('lock', (event) => {
    if (event.lock !== 'locked' && lock.value === 'locked') {
      // It opens with what lies behind it, and not before.
      reloading = load().catch(failToStart)
      return
    }
    lock.value = event.lock
    if (event.lock === 'locked') {
      // What is being read was asked for before, and what was on the screen is not to be found in memory either.
      begin()
      reading = Promise.resolve()
      account.value = null
      link.value = null
      state.value = state.value && { ...state.value, account: null, account_key: null }
      shownKey.value = ''
      toasts.clear()
    }
  })

  return {
    state, account, link, host, settings, lock, tray, signedIn, accountKey, shownKey, startFailure,
    load, settled, switchAccount, turnTo, failToStart, change, setQuiet, register, signIn, signOut, updateAccount, hostStart, hostStop,
  }
})
