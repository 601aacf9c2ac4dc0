import { describe, expect, it } from 'vitest'
import { isPastDay, toDay } from './day'

const NOW = Date.UTC(2026, 10, 22, 7)

describe('a day', () => {
  it.each(['1990-02-05', ' 1990-2-5 ', '1990/2/5', '1990. 2. 5', '1990年2月5日', '19900205'])('may be written as %s', (text) => {
    expect(toDay(text)).toBe('1990-02-05')
  })

  it.each(['', 'soon', '05-02-1990', '1990-2', '1990'])('is left alone where it is not understood: %s', (text) => {
    expect(toDay(text)).toBe(text)
  })

  it.each(['1900-01-01', '2024-02-29', '2026-11-23'])('can be %s', (day) => {
    expect(isPastDay(day, NOW)).toBe(true)
  })

  it.each(['2026-11-24', '1990-02-31', '2023-02-29', '1990-13-01', '1990-00-10', '1899-12-31', '90-01-01', ''])(
    'cannot be %s',
    (day) => {
      expect(isPastDay(day, NOW)).toBe(false)
    },
  )
})
