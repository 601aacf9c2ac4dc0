import { setLanguage } from '@/i18n'
import type { Settings, StoredSettings } from '@/platform'

/** What counts until the platform has said otherwise, and where it leaves something out. */
export const unset: Settings = {
  theme: 'system',
  language: 'system',
  recent_emoji: [],
  skin_tone: 0,
  host_shared: false,
  host_enabled: false,
  density: 'comfortable',
  font_percent: 100,
  zoom_percent: 100,
  spell_check: true,
  send_key: 'enter',
  keep_days: null,
  notifications: {
    on: true,
    preview: true,
    sound: true,
    silent_until: null,
    quiet_hours: { on: false, from_minute: 22 * 60, to_minute: 8 * 60, days: [1, 2, 3, 4, 5, 6, 7] },
  },
  close_action: 'ask',
  start_at_login: false,
  start_hidden: true,
  global_shortcut: null,
  proxy: { kind: 'system', address: '' },
  lock_after_minutes: null,
}

/** Fills the gaps. */
export function whole(read: StoredSettings): Settings {
  const notifications = { ...unset.notifications, ...read.notifications }
  const quiet_hours = { ...unset.notifications.quiet_hours, ...read.notifications?.quiet_hours }
  return {
    ...unset,
    ...read,
    notifications: { ...notifications, quiet_hours },
    proxy: { ...unset.proxy, ...read.proxy },
  }
}

/** Lets the whole page look as the settings say. */
export function applyLook(settings: Settings, systemLanguage: string | null): void {
  setLanguage(settings.language, systemLanguage)
  const { dataset, style } = document.documentElement
  dataset.density = settings.density
  if (settings.theme === 'system') {
    delete dataset.theme
  } else {
    dataset.theme = settings.theme
  }
  style.setProperty('--font-scale', String(settings.font_percent / 100))
}
