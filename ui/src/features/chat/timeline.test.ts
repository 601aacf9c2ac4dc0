import { describe, expect, it } from 'vitest'

import { marks, range, stored, unsent } from './messages.fixture'
import {
  applyChange,
  applyNewer,
  applyOlder,
  applySent,
  fromSnapshot,
  mergeMarks,
  visible,
  type Timeline,
} from './timeline'
import type { MessageView } from '@/platform'

function opened(
  messages: MessageView[],
  more: { older?: boolean; newer?: boolean } = {},
): Timeline {
  return fromSnapshot({
    conversation_id: 1,
    title: 'Bob',
    peer: null,
    messages,
    has_older: more.older ?? false,
    has_newer: more.newer ?? false,
    marks: marks({ last_seq: messages.findLast(({ seq }) => seq !== null)?.seq ?? 0 }),
    draft: null,
    closed: null,
  })
}

function told(timeline: Timeline, messages: MessageView[], removed: string[] = []): Timeline {
  return applyChange(timeline, { messages, removed, marks: marks() })
}

const ids = (timeline: Timeline): string[] => visible(timeline).map(({ id }) => id)

describe('a timeline', () => {
  it('takes the same event any number of times', () => {
    const once = told(opened(range(1, 3)), range(3, 5))
    expect(ids(once)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5'])
    expect(ids(told(once, range(1, 5)))).toEqual(ids(once))
  })

  it('turns an unsent message into a stored one in its row', () => {
    const mine = unsent(1, { id: 'x' })
    const sending = told(opened(range(1, 2)), [mine, unsent(2, { id: 'y' })])
    expect(ids(sending)).toEqual(['m1', 'm2', 'x', 'y'])
    const settled = told(sending, [stored(3, { id: 'x', mine: true })])
    expect(ids(settled)).toEqual(['m1', 'm2', 'x', 'y'])
    expect(visible(settled)[2]?.seq).toBe(3)
  })

  it('keeps a stored message stored when the answer to its sending comes late', () => {
    const settled = told(opened(range(1, 2)), [stored(3, { id: 'x', mine: true })])
    const late = applySent(settled, unsent(1, { id: 'x' }))
    expect(ids(late)).toEqual(['m1', 'm2', 'x'])
    expect(visible(late)[2]?.seq).toBe(3)
  })

  it('keeps unsent messages below what arrives, in the order of the outbox', () => {
    const sending = told(opened(range(1, 1)), [unsent(7), unsent(3)])
    expect(ids(told(sending, [stored(2)]))).toEqual(['m1', 'm2', 'u3', 'u7'])
  })

  it('shows that a message was refused, and that it is gone when it was deleted', () => {
    const failure = { code: 'not_friends', message: '', retry_after_ms: null } as const
    const failed = told(opened(range(1, 1)), [
      unsent(1),
      unsent(1, { status: { status: 'failed', failure } }),
    ])
    expect(visible(failed)[1]?.status.status).toBe('failed')
    expect(ids(told(failed, [], ['u1']))).toEqual(['m1'])
  })

  it('never joins what a gap parts', () => {
    const ahead = told(opened(range(1, 3)), [stored(9)])
    expect(ids(ahead)).toEqual(['m1', 'm2', 'm3'])
    expect(ahead.hasNewer).toBe(true)
    const filled = applyNewer(ahead, { messages: range(4, 9), has_more: false })
    expect(ids(filled)).toEqual(range(1, 9).map(({ id }) => id))
    expect(filled.hasNewer).toBe(false)
    expect(ids(told(opened(range(5, 6)), [stored(2)]))).toEqual(['m5', 'm6'])
  })

  it('hides unsent messages while newer ones are missing above them', () => {
    const away = told(opened(range(1, 3), { newer: true }), [unsent(1)])
    expect(ids(away)).toEqual(['m1', 'm2', 'm3'])
    const back = applyNewer(away, { messages: range(4, 5), has_more: false })
    expect(ids(back)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'u1'])
  })

  it('grows upwards by pages', () => {
    const timeline = applyOlder(opened(range(51, 60), { older: true }), {
      messages: range(31, 50),
      has_more: true,
    })
    expect(ids(timeline)).toEqual(range(31, 60).map(({ id }) => id))
    expect(timeline.hasOlder).toBe(true)
  })

  it('starts with the newest stretch where nothing was held', () => {
    const timeline = told(opened([]), [...range(2, 3), ...range(8, 9)])
    expect(ids(timeline)).toEqual(['m8', 'm9'])
    expect(timeline.hasOlder).toBe(true)
    expect(told(opened([]), range(1, 2)).hasOlder).toBe(false)
  })

  it('replaces a message that changed', () => {
    const changed = stored(2, { body: { kind: 'unsupported' } })
    expect(visible(told(opened(range(1, 3)), [changed]))[1]?.body.kind).toBe('unsupported')
  })
})

describe('marks', () => {
  it('only grow', () => {
    const held = marks({ last_seq: 9, read_seq: 9, others_read_seq: 4, others_delivered_seq: 8 })
    const older = marks({ last_seq: 8, read_seq: 7, unread: 1, others_delivered_seq: 9 })
    expect(mergeMarks(held, older)).toEqual({ ...held, others_delivered_seq: 9 })
  })

  it('take the number of unread ones from the newer side', () => {
    const held = marks({ last_seq: 8, read_seq: 7, unread: 1 })
    expect(mergeMarks(held, marks({ last_seq: 8, read_seq: 8 })).unread).toBe(0)
    expect(mergeMarks(held, marks({ last_seq: 9, read_seq: 7, unread: 2 })).unread).toBe(2)
  })
})
