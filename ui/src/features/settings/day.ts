/** Days as people write them, without an engine's idea of a date. */

const DAY = 86_400_000

/** Returns the day as `YYYY-MM-DD` where that is meant, else what was written. */
export function toDay(written: string): string {
  const text = written.trim()
  const [, year, month, day] =
    /^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$/u.exec(text) ?? /^(\d{4})(\d\d)(\d\d)$/.exec(text) ?? []
  return year && month && day ? `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : text
}

/** Whether a `YYYY-MM-DD` is a real day from 1900 to today, wherever on earth today has begun. */
export function isPastDay(text: string, now: number): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN
  // Some engines take the 31st of February for the 3rd of March.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text) && text >= '1900' && at <= now + DAY
}
