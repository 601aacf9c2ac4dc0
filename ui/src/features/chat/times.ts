/** Days and times in the app's language. */
import { sameDay } from './rows'

/** The time of day, as `14:05`. */
export function clockTime(at: number, locale: string): string {
  return format(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
}

/** Day and time in full, for a tooltip. */
export function fullTime(at: number, locale: string): string {
  return format(locale, { dateStyle: 'full', timeStyle: 'medium' }).format(at)
}

/** The day as the separator between messages says it: today, yesterday, or the date. */
export function dayLabel(at: number, now: number, locale: string): string {
  const days = daysBetween(at, now)
  if (days === 0 || days === 1) {
    const word = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-days, 'day')
    return word.charAt(0).toLocaleUpperCase(locale) + word.slice(1)
  }
  return format(locale, {
    ...(sameYear(at, now) ? {} : { year: 'numeric' }),
    month: 'long',
    day: 'numeric',
    weekday: days > 0 && days < 7 ? 'long' : undefined,
  }).format(at)
}

/** A time in little space, as a line of a list shows it. */
export function shortTime(at: number, now: number, locale: string): string {
  const days = daysBetween(at, now)
  if (days === 0) {
    return clockTime(at, locale)
  }
  if (days > 0 && days < 7) {
    return format(locale, { weekday: 'short' }).format(at)
  }
  return sameYear(at, now)
    ? format(locale, { month: 'short', day: 'numeric' }).format(at)
    : format(locale, { year: 'numeric', month: 'numeric', day: 'numeric' }).format(at)
}

function daysBetween(at: number, now: number): number {
  if (sameDay(at, now)) {
    return 0
  }
  const midnight = (time: number): number => new Date(time).setHours(0, 0, 0, 0)
  // A day may have 23 or 25 hours.
  return Math.round((midnight(now) - midnight(at)) / 86_400_000)
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear()
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format is slow, and a list needs the same few over and over. */
function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  let made = formats.get(key)
  if (made === undefined) {
    made = new Intl.DateTimeFormat(locale, options)
    formats.set(key, made)
  }
  return made
}
