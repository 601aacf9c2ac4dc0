import type { Settings } from './types'

/** What counts until the platform has said otherwise, and where it leaves something out. */
export const unset: Settings = {
  theme: 'system',
  language: 'system',
  recent_emoji: [],
  skin_tone: 0,
  host_shared: false,
  host_enabled: false,
  density: 'comfortable',
  font_size: 100,
  zoom: 100,
  spell_check: true,
  enter: 'sends',
  keep_days: null,
  notify: true,
  notify_preview: true,
  notify_sound: true,
  quiet_until: null,
  quiet_hours: { enabled: false, from: 22 * 60, to: 8 * 60, days: [1, 2, 3, 4, 5, 6, 7] },
  close: 'ask',
  start_at_login: false,
  start_hidden: true,
  shortcut: null,
  proxy: { kind: 'system' },
  lock_after_minutes: null,
}
