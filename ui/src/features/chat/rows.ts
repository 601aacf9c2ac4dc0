/** How messages stand under each other: days, the line above new ones, and groups of bubbles. */
import { daysBetween } from '@/i18n/time'
import type { MessageView, TimelineMarks } from '@/platform'

export type MessageStatus = 'sending' | 'failed' | 'sent' | 'delivered' | 'read'

/**
 * A row of the chat window. There is one for each message and none besides, so that loading older
 * pages adds rows at the start and changes no other row's place.
 */
export interface Row {
  readonly message: MessageView
  /** Its day begins here: the day is written above. */
  readonly opensDay: boolean
  /** The first one not seen when the conversation was opened: a line is drawn above. */
  readonly opensUnread: boolean
  /** The first of a group of bubbles. */
  readonly opensGroup: boolean
  /** The last of a group of bubbles: the time stands here. */
  readonly closesGroup: boolean
}

/**
 * Makes the rows.
 *
 * @param unreadAfter the `seq` after which the line above new messages is drawn; none for no line
 */
export function toRows(messages: readonly MessageView[], unreadAfter: number | null): Row[] {
  const unreadId = unreadAfter === null ? undefined : firstUnread(messages, unreadAfter)?.id
  return messages.map((message, index) => {
    const before = messages[index - 1]
    const after = messages[index + 1]
    const opensUnread = message.id === unreadId
    return {
      message,
      opensDay: before === undefined || daysBetween(before.created_at, message.created_at) !== 0,
      opensUnread,
      opensGroup: opensUnread || before === undefined || !sameGroup(before, message),
      closesGroup: after === undefined || after.id === unreadId || !sameGroup(message, after),
    }
  })
}

export function firstUnread(
  messages: readonly MessageView[],
  readSeq: number,
): MessageView | undefined {
  return messages.find(
    ({ seq, mine, sender_id }) => !mine && sender_id !== null && seq !== null && seq > readSeq,
  )
}

/** How far a message has come; nothing where it is not one's own. */
export function statusOf(
  message: MessageView,
  marks: Pick<TimelineMarks, 'others_delivered_seq' | 'others_read_seq'>,
): MessageStatus | undefined {
  if (!message.mine) {
    return undefined
  }
  if (message.status.status !== 'stored' || message.seq === null) {
    return message.status.status === 'failed' ? 'failed' : 'sending'
  }
  if (message.seq <= marks.others_read_seq) {
    return 'read'
  }
  return message.seq <= marks.others_delivered_seq ? 'delivered' : 'sent'
}

/** Texts of nothing but up to three emoji are shown large. */
export function isJumbo(text: string): boolean {
  return JUMBO.test(text.trim())
}

const JUMBO =
  /^(?:\p{RI}{2}|[0-9#*]\uFE0F?\u20E3|\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})?)*){1,3}$/u

function sameGroup(a: MessageView, b: MessageView): boolean {
  return (
    a.body.kind !== 'system' &&
    b.body.kind !== 'system' &&
    a.sender_id === b.sender_id &&
    Math.floor(a.created_at / MINUTE) === Math.floor(b.created_at / MINUTE) &&
    (a.status.status === 'failed') === (b.status.status === 'failed')
  )
}

const MINUTE = 60_000
