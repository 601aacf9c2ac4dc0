import { currentLocale } from './index'

const formats = new Map<string, Intl.DateTimeFormat>()

/** Makes a formatter once for each language and shape: making one is slow. */
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
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return format({ year: sameYear ? undefined : 'numeric', month: 'long', day: 'numeric' }).format(at)
}

/** Returns day and time, e.g. for when a device was last seen. */
export function dayAndTime(at: number): string {
  return format({ dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(at)
}

/** Returns the time of day for today, else day and time. */
export function since(at: number, now: number): string {
  const today = new Date(at).toDateString() === new Date(now).toDateString()
  return today ? timeOfDay(at) : dayAndTime(at)
}

/** Returns a duration in its largest unit, rounded up, e.g. `5 hours`. */
export function duration(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const
  const [unit, size] = units.find(([, length]) => ms >= length) ?? ['second', 1_000]
  const count = Math.max(1, Math.ceil(ms / size))
  return new Intl.NumberFormat(currentLocale(), { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}
