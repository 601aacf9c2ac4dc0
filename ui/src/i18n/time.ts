/** Days, times and durations in the app's language. */
import { currentLocale } from './index'

const DAY = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** Makes a formatter once for each language and shape: making one is slow, and lists need the same few. */
function format(shape: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = currentLocale() + JSON.stringify(shape)
  const made = formats.get(key) ?? new Intl.DateTimeFormat(currentLocale(), shape)
  formats.set(key, made)
  return made
}

/** Returns the time of day, e.g. `14:05`. */
export function timeOfDay(at: number): string {
  return format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
}

/** Returns the day, with the year where it is another than now's. */
export function day(at: number, now: number): string {
  return format({ ...yearBut(at, now), month: 'long', day: 'numeric' }).format(at)
}

/** Returns day and time, e.g. for when a device was last seen. */
export function dayAndTime(at: number): string {
  return format({ dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(at)
}

/** Returns day and time in full, for a tooltip. */
export function fullTime(at: number): string {
  return format({ dateStyle: 'full', timeStyle: 'medium', hourCycle: 'h23' }).format(at)
}

/** Returns the time of day for today, else day and time. */
export function since(at: number, now: number): string {
  return daysBetween(at, now) === 0 ? timeOfDay(at) : dayAndTime(at)
}

/** Returns the day as the separator between messages says it: today, yesterday, or the date. */
export function dayLabel(at: number, now: number): string {
  const days = daysBetween(at, now)
  if (days === 0 || days === 1) {
    const word = new Intl.RelativeTimeFormat(currentLocale(), { numeric: 'auto' }).format(-days, 'day')
    return word.charAt(0).toLocaleUpperCase(currentLocale()) + word.slice(1)
  }
  const weekday = days > 0 && days < 7 ? 'long' : undefined
  return format({ ...yearBut(at, now), month: 'long', day: 'numeric', weekday }).format(at)
}

/** Returns a time in little space, as a line of a list shows it: coarser the older it is. */
export function shortTime(at: number, now: number): string {
  const days = daysBetween(at, now)
  if (days === 0) {
    return timeOfDay(at)
  }
  if (days > 0 && days < 7) {
    return format({ weekday: 'short' }).format(at)
  }
  return sameYear(at, now)
    ? format({ month: 'short', day: 'numeric' }).format(at)
    : format({ year: 'numeric', month: 'numeric', day: 'numeric' }).format(at)
}

/** Returns a duration in its largest unit, rounded up, e.g. `5 hours`. */
export function duration(ms: number): string {
  const units = [
    ['day', DAY],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const
  const [unit, size] = units.find(([, length]) => ms >= length) ?? ['second', 1_000]
  const count = Math.max(1, Math.ceil(ms / size))
  return new Intl.NumberFormat(currentLocale(), { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}

/** Returns how many midnights lie between two times. */
export function daysBetween(at: number, now: number): number {
  const midnight = (time: number): number => new Date(time).setHours(0, 0, 0, 0)
  // A day may have 23 or 25 hours.
  return Math.round((midnight(now) - midnight(at)) / DAY)
}

function sameYear(at: number, now: number): boolean {
  return new Date(at).getFullYear() === new Date(now).getFullYear()
}

function yearBut(at: number, now: number): Intl.DateTimeFormatOptions {
  return sameYear(at, now) ? {} : { year: 'numeric' }
}

/** Returns a minute of the day as a time, e.g. `22:30` for 1350. */
export function minuteOfDay(minute: number): string {
  return timeOfDay(new Date(2024, 0, 1, Math.floor(minute / 60), minute % 60).getTime())
}

/** Returns the days of the week from Monday (1) to Sunday (7). */
export function weekdays(): { number: number; name: string }[] {
  return Array.from({ length: 7 }, (_, i) => {
    // The first of January 2024 was a Monday.
    const at = new Date(2024, 0, i + 1).getTime()
    return { number: i + 1, name: format({ weekday: 'short' }).format(at) }
  })
}
