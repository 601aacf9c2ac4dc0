import { afterEach, describe, expect, it } from 'vitest'
import { setLanguage } from './index'
import { presenceText } from './presence'
import { dayLabel, duration, shortTime, timeOfDay } from './time'

const now = new Date(2026, 2, 14, 12, 30).getTime()
const on = (month: number, day: number, year = 2026): number => new Date(year, month - 1, day, 9, 5).getTime()

function inBoth<T>(word: () => T): [T, T] {
  setLanguage('en', null)
  const english = word()
  setLanguage('zh-CN', null)
  return [english, word()]
}

afterEach(() => setLanguage('en', null))

describe('the day above messages', () => {
  it.each([
    [on(3, 14), 'Today', '今天'],
    [on(3, 13), 'Yesterday', '昨天'],
    [on(3, 10), 'Tuesday, March 10', '3月10日星期二'],
    [on(1, 2), 'January 2', '1月2日'],
    [on(12, 31, 2025), 'December 31, 2025', '2025年12月31日'],
  ])('is worded in both languages', (at, en, zh) => {
    expect(inBoth(() => dayLabel(at, now))).toEqual([en, zh])
  })
})

describe('the time in a list', () => {
  it.each([
    [on(3, 14), '09:05', '09:05'],
    [on(3, 10), 'Tue', '周二'],
    [on(1, 2), 'Jan 2', '1月2日'],
    [on(12, 31, 2025), '12/31/2025', '2025/12/31'],
  ])('gets coarser with age', (at, en, zh) => {
    expect(inBoth(() => shortTime(at, now))).toEqual([en, zh])
  })
})

describe('durations and times', () => {
  it('are rounded up', () => {
    expect(duration(1)).toBe('1 second')
    expect(duration(61_000)).toBe('2 minutes')
  })

  it('show midnight as 00', () => {
    expect(timeOfDay(new Date(2026, 0, 2, 0, 5).getTime())).toBe('00:05')
  })
})

describe('when somebody was there', () => {
  const minutes = (n: number): number => now - n * 60_000

  it.each([
    [now + 90_000, 'last seen just now', '刚刚在线'],
    [minutes(0.5), 'last seen just now', '刚刚在线'],
    [minutes(1), 'last seen 1 minute ago', '1 分钟前在线'],
    [minutes(59), 'last seen 59 minutes ago', '59 分钟前在线'],
    [minutes(60), 'last seen at 11:30', '今天 11:30 在线'],
    [on(3, 13), 'last seen yesterday at 09:05', '昨天 09:05 在线'],
    [on(1, 2), 'last seen on January 2', '1月2日在线'],
    [on(12, 31, 2025), 'last seen on December 31, 2025', '2025年12月31日在线'],
  ])('is worded in both languages', (last_seen_at, en, zh) => {
    expect(inBoth(() => presenceText({ user_id: 1, online: false, last_seen_at }, now))).toEqual([en, zh])
  })

  it('is said of those only of whom it is known', () => {
    expect(presenceText(undefined, now)).toBeUndefined()
    expect(inBoth(() => presenceText({ user_id: 1, online: true }, now))).toEqual(['online', '在线'])
    expect(inBoth(() => presenceText({ user_id: 1, online: false, last_seen_at: null }, now))).toEqual(['offline', '离线'])
  })
})
