/** Messages and marks for tests. */
import type { MessageView, TimelineMarks } from '@/platform'

const START = new Date(2026, 2, 14, 9, 0).getTime()

export function stored(seq: number, fields: Partial<MessageView> = {}): MessageView {
  return {
    id: `m${String(seq)}`,
    seq,
    queue_order: null,
    sender_id: 2,
    mine: false,
    body: { kind: 'text', text: `text ${String(seq)}` },
    created_at: START + seq * 1_000,
    status: { status: 'stored' },
    ...fields,
  }
}

export function unsent(order: number, fields: Partial<MessageView> = {}): MessageView {
  return stored(0, {
    id: `u${String(order)}`,
    seq: null,
    queue_order: order,
    sender_id: 1,
    mine: true,
    created_at: START + 3_600_000 + order,
    status: { status: 'sending' },
    ...fields,
  })
}

export function range(from: number, to: number): MessageView[] {
  return Array.from({ length: to - from + 1 }, (_, index) => stored(from + index))
}

export function marks(fields: Partial<TimelineMarks> = {}): TimelineMarks {
  return {
    last_seq: 0,
    read_seq: 0,
    unread: 0,
    others_delivered_seq: 0,
    others_read_seq: 0,
    ...fields,
  }
}
