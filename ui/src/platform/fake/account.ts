import type { Account, DeviceView, Registration, ServerCheck } from '../bindings'
import type { Platform } from '../platform'
import { myAccount, user } from './people'
import { failure, type World } from './world'

type Part = Pick<
  Platform,
  | 'appState' | 'doWithoutKeychain' | 'setSettings' | 'checkServer' | 'hostStart' | 'hostStop' | 'register' | 'signIn' | 'signOut'
  | 'forgetAccount' | 'reconnect' | 'updateAccount' | 'changePassword' | 'devices' | 'endDevice' | 'openLink'
>

/** The start, the account and the settings. The password that fits is `magpie-1234`. */
export function account(world: World): Part {
  let devices = firstDevices(world.now())
  const { state } = world

  function enter(own: Account, url: string): Account {
    state.account = own
    state.server_url = url
    state.account_key = `${url}-${String(own.user.id)}`
    state.link = { state: 'online' }
    world.emit({ type: 'link', link: state.link })
    return own
  }

  return {
    appState: () =>
      world.answer(() =>
        state.lock === 'locked' ? { ...state, account: null, account_key: null, server_url: null, link: null } : state,
      ),
    doWithoutKeychain: () => world.answer(() => null),
    setSettings: (settings) => world.answer(() => (state.settings = structuredClone(settings))),
    checkServer: (address) => world.answer(() => check(address)),
    hostStart: (shared) =>
      world.answer(() => {
        const addresses = shared ? ['http://192.168.1.23:8787', 'http://10.8.0.4:8787'] : []
        return (state.host = { state: 'running', url: 'http://127.0.0.1:8787', addresses, shared, own: true })
      }),
    hostStop: () => world.answer(() => (state.host = { state: 'off' })),
    register: (registration) =>
      world.answer(() => {
        refuseUninvited(registration)
        refuseTaken(registration)
        const own = user(10088, registration.username.toLowerCase(), registration.nickname.trim())
        return enter(
          { user: own, email: registration.email, birthday: null, created_at: world.now() },
          registration.server_url,
        )
      }),
    signIn: ({ server_url, login, password }) =>
      world.answer(() => {
        if (password !== 'magpie-1234') {
          throw failure('wrong_credentials')
        }
        if (login === 'disabled') {
          throw failure('account_disabled')
        }
        world.fill()
        return enter(myAccount(world.now()), server_url)
      }),
    signOut: () =>
      world.answer(() => {
        const next = world.others.shift()
        world.presence.clear()
        if (state.account !== null && next !== undefined) {
          const { user_id: id, username, nickname } = next
          state.account = { ...state.account, user: { ...state.account.user, id, username, nickname } }
          state.account_key = next.key
          state.server_url = next.server_url
        } else {
          state.account = null
          state.link = null
        }
        return null
      }),
    forgetAccount: (key) =>
      world.answer(() => {
        state.remembered = state.remembered.filter((one) => one.key !== key)
        return null
      }),
    reconnect: () => world.answer(() => null),
    updateAccount: (update) =>
      world.answer(() => {
        const own = state.account
        if (own === null) {
          throw failure('not_signed_in')
        }
        own.user.nickname = update.nickname ?? own.user.nickname
        own.user.signature = update.signature ?? own.user.signature
        own.user.gender = update.gender ?? own.user.gender
        own.user.region = update.region ?? own.user.region
        own.birthday = update.birthday === '' ? null : (update.birthday ?? own.birthday)
        world.emit({ type: 'account', account: own })
        return own
      }),
    changePassword: (old) =>
      world.answer(() => {
        if (old !== 'magpie-1234') {
          throw failure('wrong_credentials')
        }
        devices = devices.filter((one) => one.current)
        return null
      }),
    devices: () =>
      world.answer(() => {
        world.needServer()
        return devices
      }),
    endDevice: (id) =>
      world.answer(() => {
        devices = devices.filter((one) => one.device.id !== id)
        return null
      }),
    openLink: (url) =>
      world.answer(() => {
        window.open(url, '_blank', 'noopener')
        return null
      }),
  }
}

/** Addresses that answer in each of the ways that a real one can. */
function check(address: string): ServerCheck {
  const words = {
    down: 'unreachable', slow: 'timed_out', cert: 'certificate_invalid', web: 'not_magpie',
    old: 'server_too_old', new: 'app_too_old',
  } as const
  for (const [word, code] of Object.entries(words)) {
    if (address.startsWith(word)) {
      throw failure(code)
    }
  }
  if (!/^(https?:\/\/)?[\w.-]+(:\d+)?\/?$/.test(address.trim())) {
    throw failure('invalid_address')
  }
  const url = address.includes('://') ? address.trim() : `https://${address.trim()}`
  const registration = address.includes('closed') ? 'closed' : address.includes('invited') ? 'invitation' : 'open'
  return {
    url,
    info: { product: 'magpie', name: 'Example & Friends', version: '0.1.0', protocol: 1, protocol_min: 1, registration },
  }
}

/** Servers whose address holds `invit` want the code `FINE-FEATHERS`; one with `invited` says so beforehand. */
function refuseUninvited({ server_url, invitation }: Registration): void {
  if (server_url.includes('invit') && invitation !== 'FINE-FEATHERS') {
    throw failure(invitation === null ? 'invitation_needed' : 'invitation_invalid')
  }
}

function refuseTaken({ username, email }: Registration): void {
  if (username.toLowerCase() === 'alice') {
    throw failure('username_taken')
  }
  if (email === 'alice@example.com') {
    throw failure('email_taken')
  }
}

function firstDevices(now: number): DeviceView[] {
  const device = (id: number, name: string, platform: 'linux' | 'macos' | 'windows', ago: number): DeviceView => ({
    device: { id, name, platform, created_at: now - 3e9, last_seen_at: now - ago },
    current: id === 1,
  })
  return [device(1, "Ming's laptop", 'linux', 0), device(2, '办公室电脑', 'windows', 5e6), device(3, 'MacBook', 'macos', 9e8)]
}
