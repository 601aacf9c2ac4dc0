import { afterEach, describe, expect, it } from 'vitest'
import { setLanguage } from './index'
import { bytes, count, percent } from './numbers'
import { isPaused, pauseText } from './pause'
import { presenceText } from './presence'
import { dayLabel, duration, minuteOfDay, shortTime, timeOfDay, weekdays } from './time'

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

describe('the clock and the week', () => {
  it('are worded in both languages', () => {
    expect([0, 450, 1_350].map(minuteOfDay)).toEqual(['00:00', '07:30', '22:30'])
    const [en, zh] = inBoth(() => weekdays().map(({ number, name }) => `${String(number)} ${name}`))
    expect(en).toEqual(['1 Mon', '2 Tue', '3 Wed', '4 Thu', '5 Fri', '6 Sat', '7 Sun'])
    expect(zh[0]).toBe('1 周一')
    expect(zh[6]).toBe('7 周日')
  })
})

describe('numbers', () => {
  it('come in the unit that fits', () => {
    setLanguage('en', null)
    expect([0, 999, 18_400_000, 148_000_000, 2_500_000_000].map(bytes)).toEqual(['0 byte', '999 byte', '18.4 MB', '148 MB', '2.5 GB'])
    expect([percent(110), count(402_118)]).toEqual(['110%', '402,118'])
  })
})

describe('a pause', () => {
  it.each([
    [Number.MAX_SAFE_INTEGER, 'Until you switch it off', '直到你关闭它'],
    [now + 3_600_000, 'Until 13:30', '直到 13:30'],
  ])('says until when it lasts', (until, en, zh) => {
    expect(isPaused(until, now)).toBe(true)
    expect(inBoth(() => pauseText(until, now))).toEqual([en, zh])
  })

  it('is over when its time has come', () => {
    expect([isPaused(null, now), isPaused(now, now), isPaused(now - 1, now)]).toEqual([false, false, false])
  })
})
