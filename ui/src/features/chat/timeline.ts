/**
 * The window over a conversation's messages, as plain data.
 *
 * Every answer and event of the core is merged by message id, so each may come twice, and an unsent
 * message becomes a stored one in its row. The stored messages held here are always a dense stretch
 * of `seq`: what does not touch the stretch is left out and fetched page by page, so that a hole is
 * never shown as if there were nothing in it.
 */
import type { MessageView, TimelineMarks, TimelinePage, TimelineSnapshot } from '@/platform'

/** A window over a conversation. Values are never changed in place. */
export interface Timeline {
  /** Messages with a `seq`, dense and in order. */
  readonly stored: readonly StoredMessage[]
  /** Messages of the outbox, in its order. */
  readonly unsent: readonly MessageView[]
  readonly hasOlder: boolean
  /** There are newer stored messages than the stretch holds. */
  readonly hasNewer: boolean
  readonly marks: TimelineMarks
}

export type StoredMessage = MessageView & { seq: number }

/** What an event says of a conversation. */
export interface TimelineChange {
  readonly messages: readonly MessageView[]
  readonly removed: readonly string[]
  readonly marks: TimelineMarks
}

export function fromSnapshot(snapshot: TimelineSnapshot): Timeline {
  const empty: Timeline = {
    stored: [],
    unsent: [],
    hasOlder: snapshot.has_older,
    hasNewer: snapshot.has_newer,
    marks: snapshot.marks,
  }
  return { ...merge(empty, snapshot.messages), hasNewer: snapshot.has_newer }
}

export function applyChange(timeline: Timeline, change: TimelineChange): Timeline {
  const gone = new Set(change.removed)
  const merged = merge(timeline, change.messages)
  return {
    ...merged,
    unsent: gone.size > 0 ? merged.unsent.filter(({ id }) => !gone.has(id)) : merged.unsent,
    marks: mergeMarks(timeline.marks, change.marks),
  }
}

export function applyOlder(timeline: Timeline, page: TimelinePage): Timeline {
  return { ...merge(timeline, page.messages), hasOlder: page.has_more }
}

export function applyNewer(timeline: Timeline, page: TimelinePage): Timeline {
  return { ...merge(timeline, page.messages), hasNewer: page.has_more }
}

/** Puts in a message that was just written, unless more is known of it already when this runs. */
export function applySent(timeline: Timeline, message: MessageView): Timeline {
  const known = timeline.unsent.some(({ id }) => id === message.id)
  return known ? timeline : merge(timeline, [message])
}

/** The messages to show: unsent ones only below the very last stored one. */
export function visible(timeline: Timeline): readonly MessageView[] {
  return timeline.hasNewer || timeline.unsent.length === 0
    ? timeline.stored
    : [...timeline.stored, ...timeline.unsent]
}

/** Tells whether there are stored messages below those held. */
export function isBehind({ stored, hasNewer, marks }: Timeline): boolean {
  return hasNewer || (stored.at(-1)?.seq ?? 0) < marks.last_seq
}

/** Marks only grow; an event that was overtaken by a snapshot must not turn them back. */
export function mergeMarks(held: TimelineMarks, told: TimelineMarks): TimelineMarks {
  const outdated = told.last_seq < held.last_seq || told.read_seq < held.read_seq
  return {
    last_seq: Math.max(held.last_seq, told.last_seq),
    read_seq: Math.max(held.read_seq, told.read_seq),
    unread: outdated ? held.unread : told.unread,
    others_delivered_seq: Math.max(held.others_delivered_seq, told.others_delivered_seq),
    others_read_seq: Math.max(held.others_read_seq, told.others_read_seq),
  }
}

function isStored(message: MessageView): message is StoredMessage {
  return message.seq !== null
}

function merge(timeline: Timeline, messages: readonly MessageView[]): Timeline {
  if (messages.length === 0) {
    return timeline
  }
  const incoming = messages.filter(isStored).sort((a, b) => a.seq - b.seq)
  const { stored, gapAfter } = joinDense(timeline.stored, incoming)
  const settled = new Set(stored.map(({ id }) => id))
  for (const { id } of incoming) {
    settled.add(id)
  }
  const waiting = new Map(timeline.unsent.map((message) => [message.id, message]))
  for (const message of messages) {
    if (!isStored(message)) {
      waiting.set(message.id, message)
    }
  }
  const unsent = [...waiting.values()]
    .filter(({ id }) => !settled.has(id))
    .sort((a, b) => (a.queue_order ?? 0) - (b.queue_order ?? 0))
  const startsLate = timeline.stored.length === 0 && (stored[0]?.seq ?? 1) > 1
  return {
    ...timeline,
    stored,
    unsent,
    hasOlder: timeline.hasOlder || startsLate,
    hasNewer: timeline.hasNewer || gapAfter,
  }
}

/** Adds what touches the stretch; tells whether something newer lies beyond a gap. */
function joinDense(
  held: readonly StoredMessage[],
  incoming: readonly StoredMessage[],
): { stored: readonly StoredMessage[]; gapAfter: boolean } {
  if (incoming.length === 0) {
    return { stored: held, gapAfter: false }
  }
  if (held.length === 0) {
    return { stored: newestDense(incoming), gapAfter: false }
  }
  const bySeq = new Map(incoming.map((message) => [message.seq, message]))
  const joined: StoredMessage[] = held.map((message) => bySeq.get(message.seq) ?? message)
  const before: StoredMessage[] = []
  let first = joined[0]?.seq ?? 0
  for (let found = bySeq.get(first - 1); found; found = bySeq.get(first - 1)) {
    before.push(found)
    first = found.seq
  }
  let last = joined.at(-1)?.seq ?? 0
  for (let found = bySeq.get(last + 1); found; found = bySeq.get(last + 1)) {
    joined.push(found)
    last = found.seq
  }
  return {
    stored: [...before.reverse(), ...joined],
    gapAfter: (incoming.at(-1)?.seq ?? 0) > last,
  }
}

function newestDense(sorted: readonly StoredMessage[]): readonly StoredMessage[] {
  let start = sorted.length - 1
  while (start > 0 && (sorted[start - 1]?.seq ?? 0) + 1 === sorted[start]?.seq) {
    start -= 1
  }
  return sorted.slice(start)
}
