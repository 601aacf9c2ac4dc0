import type { Presence } from '@/platform'
import { t } from './index'
import { day, daysBetween, timeOfDay } from './time'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Words whether somebody is there, or when they last were; nothing where that is not known. */
export function presenceText(presence: Presence | undefined, now: number): string | undefined {
  if (presence === undefined) {
    return undefined
  }
  if (presence.online) {
    return t('contacts.online')
  }
  const at = presence.last_seen_at ?? undefined
  return at === undefined ? t('contacts.offline') : seenText(at, now)
}

/** The server's clock may be ahead of this one: what lies in the future was just now. */
function seenText(at: number, now: number): string {
  const ago = now - at
  if (ago < MINUTE) {
    return t('contacts.seenNow')
  }
  if (ago < HOUR) {
    return t('contacts.seenMinutes', { n: Math.floor(ago / MINUTE) })
  }
  const time = timeOfDay(at)
  switch (daysBetween(at, now)) {
    case 0:
      return t('contacts.seenToday', { time })
    case 1:
      return t('contacts.seenYesterday', { time })
    default:
      return t('contacts.seenOn', { day: day(at, now) })
  }
}
