import type { ConversationItem, FriendView, MessageView, TimelineMarks, User } from '../bindings'
import { me, spelling } from './people'

/** A conversation as the fake keeps it. */
export interface FakeChat {
  id: number
  peer: User
  title: string
  /** Stored ones in order, then those that wait. */
  messages: MessageView[]
  readSeq: number
  othersDelivered: number
  othersRead: number
  draft: string | null
  /** No friends any more. */
  closed: boolean
  mutedUntil: number | null
}

type Line = readonly ['me' | 'them', string, minutesAgo: number]

const talks: Record<number, Line[]> = {
  10002: [
    ['them', 'Morning! Did the new build reach you?', 190],
    ['me', 'It did. Installed in one go, no questions asked 🎉', 186],
    ['them', 'Look at the list while you scroll, it should stay put now', 185],
    ['them', 'The notes are at https://example.com/notes/2024/scrolling and in the wiki', 184],
    ['me', 'Reading. One thing: when 40 messages arrive at once, the badge counts them one by one. Could it count in one step? It looks like a slot machine.', 160],
    ['them', 'Ha. Yes. That is a good one.', 158],
    ['me', '👍', 157],
    ['them', '晚上一起吃饭吗？老地方，七点。', 6],
    ['them', 'Bring the laptop, I want to see it with the network pulled out 🔌', 5],
    ['them', '还有，记得带充电器', 4],
  ],
  10007: [
    ['them', '数据库那块我看完了，写得挺清楚', 300],
    ['me', '谢谢！有什么要改的吗？', 295],
    ['them', '一个小问题：重试的时候如果服务器已经提交了，但是确认丢了，会不会重复？', 290],
    ['me', '不会。消息的编号是发送方设备生成的，同一个编号只会存一次，再发一次得到的是同样的回答。', 288],
    ['them', '明白了 👌', 287],
  ],
  10003: [
    ['me', 'Are you in on Thursday?', 1_500],
    ['them', 'From ten. Do you need the room?', 1_490],
    ['me', 'Yes please, the one with the whiteboard', 1_480],
  ],
  10006: [
    ['them', '吃饭了没', 2_900],
    ['me', '吃了，妈，您放心 😊', 2_880],
    ['them', '天冷了多穿点衣服 🧣', 2_879],
  ],
  10009: [['them', '周末的票我买好了', 4_400]],
  10005: [
    ['them', 'Dear Ming, I trust this finds you well. Attached to my last letter you will have found the agenda.', 5_900],
    ['me', 'Averyveryverylongwordwithoutanyspaceinitthatmustbreaksomewherebecauseotherwisethebubblewouldgrowwiderthanthewindowitself', 5_890],
  ],
  10004: [['them', 'ok see you there', 11_000]],
}

/** How many older messages the first conversation has before its talk, so that there are pages. */
const HISTORY = 360

export function chats(friends: FriendView[], now: number): FakeChat[] {
  return friends.flatMap(({ friend, name }) => {
    const talk = talks[friend.user.id]
    return talk === undefined ? [] : [chat(friend.conversation_id, friend.user, name, talk, now)]
  })
}

function chat(id: number, peer: User, title: string, talk: Line[], now: number): FakeChat {
  const made: FakeChat = {
    id, peer, title, messages: [], readSeq: 0, othersDelivered: 0, othersRead: 0, draft: null, closed: false, mutedUntil: null,
  }
  const start = now - 9 * 86_400_000
  made.messages.push({
    ...view(id, 1, null, start),
    body: { kind: 'system', event: 'befriended', requester: me.id, accepter: peer.id, message: 'Hi, it is Ming.' },
  })
  if (peer.id === 10002) {
    for (let i = 0; i < HISTORY; i += 1) {
      const from = Math.floor(i / 3) % 2 === 0 ? peer.id : me.id
      made.messages.push(text(id, i + 2, from, filler(i), start + (i + 1) * 1_800_000))
    }
  }
  for (const [who, words, minutes] of talk) {
    made.messages.push(text(id, made.messages.length + 1, who === 'me' ? me.id : peer.id, words, now - minutes * 60_000))
  }
  const last = made.messages.length
  made.othersDelivered = last
  made.othersRead = peer.id === 10003 ? last - 1 : last
  made.readSeq = peer.id === 10002 ? last - 3 : peer.id === 10009 ? last - 1 : last
  return made
}

function filler(index: number): string {
  const some = [
    'Message number ' + String(index + 1),
    '好的',
    'Let me check and come back to you in a moment.',
    '这个我同意，不过还有一点：消息再多，列表也不应该跳动。翻到上面去看旧消息的时候，新消息来了也要停在原地。',
    'See mailto:alice@example.com or www.example.org/a?b=c',
    '😀😃😄',
    'Two lines,\nof which this is the second.',
  ]
  return some[index % some.length] ?? ''
}

export function text(chatId: number, seq: number, sender: number, words: string, at: number): MessageView {
  return { ...view(chatId, seq, sender, at), body: { kind: 'text', text: words } }
}

function view(chatId: number, seq: number, sender: number | null, at: number): MessageView {
  return {
    id: messageId(chatId, seq),
    seq,
    queue_order: null,
    sender_id: sender,
    mine: sender === me.id,
    body: { kind: 'unsupported' },
    created_at: at,
    status: { status: 'stored' },
  }
}

/** An id with the shape of a UUIDv7. */
export function messageId(chatId: number, number: number): string {
  const tail = `${chatId.toString(16).padStart(4, '0')}${number.toString(16).padStart(8, '0')}`
  return `018f0000-0000-7000-8000-${tail}`
}

export function lastSeq(chat: FakeChat): number {
  return chat.messages.reduce((last, message) => Math.max(last, message.seq ?? 0), 0)
}

export function unread(chat: FakeChat): number {
  return chat.messages.filter((m) => !m.mine && m.sender_id !== null && (m.seq ?? 0) > chat.readSeq).length
}

export function marks(chat: FakeChat): TimelineMarks {
  return {
    last_seq: lastSeq(chat),
    read_seq: chat.readSeq,
    unread: unread(chat),
    others_delivered_seq: chat.othersDelivered,
    others_read_seq: chat.othersRead,
  }
}

export function line(chat: FakeChat): ConversationItem {
  const last = chat.messages.at(-1)
  return {
    id: chat.id,
    kind: 'direct',
    title: chat.title,
    spelling: spelling(chat.title),
    peer: chat.peer,
    preview: last === undefined ? null : { sender_id: last.sender_id, body: last.body, delivery: delivery(chat, last) },
    updated_at: last?.created_at ?? 0,
    unread: unread(chat),
    failed: chat.messages.filter((m) => m.status.status === 'failed').length,
    draft: chat.draft,
    muted_until: chat.mutedUntil,
  }
}

function delivery(chat: FakeChat, last: MessageView): NonNullable<ConversationItem['preview']>['delivery'] {
  if (!last.mine) {
    return null
  }
  if (last.status.status !== 'stored') {
    return { delivery: last.status.status }
  }
  const seq = last.seq ?? 0
  const state = seq <= chat.othersRead ? 'read' : seq <= chat.othersDelivered ? 'delivered' : 'sent'
  return { delivery: 'stored', state }
}
