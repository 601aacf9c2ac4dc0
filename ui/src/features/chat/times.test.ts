import { describe, expect, it } from 'vitest'

import { dayLabel, shortTime } from './times'

const now = new Date(2026, 2, 14, 12, 30).getTime()
const on = (month: number, day: number, year = 2026): number =>
  new Date(year, month - 1, day, 9, 5).getTime()

describe('the day above messages', () => {
  it.each([
    [on(3, 14), 'Today', '今天'],
    [on(3, 13), 'Yesterday', '昨天'],
    [on(3, 10), 'Tuesday, March 10', '3月10日星期二'],
    [on(1, 2), 'January 2', '1月2日'],
    [on(12, 31, 2025), 'December 31, 2025', '2025年12月31日'],
  ])('is worded in both languages', (at, en, zh) => {
    expect(dayLabel(at, now, 'en')).toBe(en)
    expect(dayLabel(at, now, 'zh-CN')).toBe(zh)
  })
})

describe('the time in a list', () => {
  it.each([
    [on(3, 14), '09:05', '09:05'],
    [on(3, 10), 'Tue', '周二'],
    [on(1, 2), 'Jan 2', '1月2日'],
    [on(12, 31, 2025), '12/31/2025', '2025/12/31'],
  ])('gets coarser with age', (at, en, zh) => {
    expect(shortTime(at, now, 'en')).toBe(en)
    expect(shortTime(at, now, 'zh-CN')).toBe(zh)
  })
})
