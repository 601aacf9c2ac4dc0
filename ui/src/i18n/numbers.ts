/** Numbers, shares and sizes in the app's language. */
import { currentLocale } from './index'

/** Returns a number with its thousands set apart. */
export function count(n: number): string {
  return new Intl.NumberFormat(currentLocale()).format(n)
}

/** Returns a share, e.g. `110%`. */
export function percent(n: number): string {
  return new Intl.NumberFormat(currentLocale(), { style: 'percent' }).format(n / 100)
}

/** Returns a size in the unit that fits, e.g. `18.4 MB`. */
export function bytes(n: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  let size = n
  let unit = 0
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1_000
    unit += 1
  }
  const digits = unit > 1 && size < 100 ? 1 : 0
  return new Intl.NumberFormat(currentLocale(), {
    style: 'unit', unit: units[unit] ?? 'byte', unitDisplay: 'short', maximumFractionDigits: digits,
  }).format(size)
}
