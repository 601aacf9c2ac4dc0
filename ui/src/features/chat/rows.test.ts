import { describe, expect, it } from 'vitest'

import { marks, stored, unsent } from './messages.fixture'
import { isJumbo, statusOf, toRows } from './rows'

const at = (day: number, hour: number, minute: number, second = 0): number =>
  new Date(2026, 2, day, hour, minute, second).getTime()

describe('rows', () => {
  it("open a day at each day's first message", () => {
    const rows = toRows(
      [
        stored(1, { created_at: at(1, 23, 59) }),
        stored(2, { created_at: at(2, 0, 1) }),
        stored(3, { created_at: at(2, 23, 0) }),
      ],
      null,
    )
    expect(rows.map(({ opensDay }) => opensDay)).toEqual([true, true, false])
  })

  it('group by sender and minute', () => {
    const rows = toRows(
      [
        stored(1, { created_at: at(1, 9, 0, 1) }),
        stored(2, { created_at: at(1, 9, 0, 50) }),
        stored(3, { created_at: at(1, 9, 1, 5) }),
        stored(4, { created_at: at(1, 9, 1, 6), sender_id: 1, mine: true }),
      ],
      null,
    )
    expect(rows.map(({ opensGroup }) => opensGroup)).toEqual([true, false, true, true])
    expect(rows.map(({ closesGroup }) => closesGroup)).toEqual([false, true, true, true])
  })

  it('do not group system messages, nor a refused message with a sent one', () => {
    const system = { kind: 'system', event: 'unknown' } as const
    const failure = { code: 'blocked', message: '', retry_after_ms: null } as const
    const same = { created_at: at(1, 9, 0) }
    const rows = toRows(
      [
        stored(1, { ...same, body: system, sender_id: null }),
        stored(2, { ...same, body: system, sender_id: null }),
        unsent(1, same),
        unsent(2, { ...same, status: { status: 'failed', failure } }),
      ],
      null,
    )
    expect(rows.every(({ opensGroup, closesGroup }) => opensGroup && closesGroup)).toBe(true)
  })

  it('draw no line above what nobody wrote', () => {
    const system = stored(1, { sender_id: null })
    const rows = toRows([system, stored(2)], 0)
    expect(rows.map(({ opensUnread }) => opensUnread)).toEqual([false, true])
  })

  it('draw one line, above the first unread message of somebody else', () => {
    const messages = [stored(1), stored(2, { mine: true, sender_id: 1 }), stored(3), stored(4)]
    const lines = (after: number | null): number[] =>
      toRows(messages, after).flatMap(({ opensUnread, message }) =>
        opensUnread ? [message.seq ?? 0] : [],
      )
    expect(lines(1)).toEqual([3])
    expect(lines(4)).toEqual([])
    expect(lines(null)).toEqual([])
  })
})

describe('the status of an own message', () => {
  const mine = stored(5, { mine: true })

  it('follows the marks of the others', () => {
    expect(statusOf(mine, marks())).toBe('sent')
    expect(statusOf(mine, marks({ others_delivered_seq: 5 }))).toBe('delivered')
    expect(statusOf(mine, marks({ others_delivered_seq: 5, others_read_seq: 5 }))).toBe('read')
  })

  it("is the outbox's before it is stored, and nothing for messages of others", () => {
    const failure = { code: 'blocked', message: '', retry_after_ms: null } as const
    expect(statusOf(unsent(1), marks({ others_read_seq: 9 }))).toBe('sending')
    expect(statusOf(unsent(1, { status: { status: 'failed', failure } }), marks())).toBe('failed')
    expect(statusOf(stored(1), marks())).toBeUndefined()
  })
})

describe('large emoji', () => {
  it.each(['👍', '👩‍👩‍👧', '🇨🇳🇫🇷', '👋🏽👋', ' ❤️ ', '1️⃣'])('are %s', (text) => {
    expect(isJumbo(text)).toBe(true)
  })

  it.each(['', '1', 'ok 👍', '👍👍👍👍', '©a'])('are not %j', (text) => {
    expect(isJumbo(text)).toBe(false)
  })
})
