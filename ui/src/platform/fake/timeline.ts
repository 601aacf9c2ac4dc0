import type { MessageView, TimelinePage } from '../bindings'
import type { Platform } from '../platform'
import { lastSeq, marks, messageId, text, type FakeChat } from './chats'
import { me } from './people'
import { failure, type World } from './world'

type Part = Pick<
  Platform,
  'conversations' | 'setDraft' | 'openTimeline' | 'older' | 'newer' | 'markRead' | 'sendText' | 'retryMessage' | 'deleteUnsent'
>

const PAGE = 40

/** Conversations and messages. A text that holds `!fail` is refused; one sent offline waits. */
export function timeline(world: World): Part {
  const stored = (chat: FakeChat) => chat.messages.filter((m) => m.seq !== null)
  const waiting = (chat: FakeChat) => chat.messages.filter((m) => m.seq === null)

  function page(chat: FakeChat, from: number, to: number): MessageView[] {
    const part = stored(chat).filter((m) => (m.seq ?? 0) >= from && (m.seq ?? 0) <= to)
    return to >= lastSeq(chat) ? [...part, ...waiting(chat)] : part
  }

  function owner(id: string): [FakeChat, MessageView] {
    for (const chat of world.chats) {
      const message = chat.messages.find((m) => m.id === id)
      if (message?.seq === null) {
        return [chat, message]
      }
    }
    throw failure('message_not_found')
  }

  function deliver(chat: FakeChat, message: MessageView): void {
    if (message.body.kind === 'text' && message.body.text.includes('!fail')) {
      message.status = { status: 'failed', failure: failure('not_friends') }
    } else if (world.online) {
      message.seq = lastSeq(chat) + 1
      message.queue_order = null
      message.status = { status: 'stored' }
      chat.readSeq = message.seq
      const rest = waiting(chat)
      chat.messages = [...stored(chat).sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0)), ...rest]
    }
    world.changed(chat, [message.id])
  }

  /** Does it later where answers take time, as a server would; at once where they take none. */
  function later(work: () => void): void {
    if (world.delay > 0) {
      setTimeout(work, world.delay * 3)
    } else {
      queueMicrotask(work)
    }
  }

  function seen(chat: FakeChat): void {
    if (world.delay > 0 && world.online) {
      setTimeout(() => {
        chat.othersDelivered = lastSeq(chat)
        world.changed(chat, [])
      }, 900)
      setTimeout(() => {
        chat.othersRead = lastSeq(chat)
        world.changed(chat, [])
      }, 2_200)
    }
  }

  return {
    conversations: () => world.answer(() => ({ items: world.lines(), unread_total: world.unreadTotal() })),
    setDraft: (id, draft) =>
      world.answer(() => {
        const chat = world.chat(id)
        chat.draft = draft.trim() === '' ? null : draft
        world.changed(chat, [])
        return null
      }),
    openTimeline: (id, at) =>
      world.answer(() => {
        const chat = world.chat(id)
        const last = lastSeq(chat)
        const middle = at === 'unread' && chat.readSeq < last ? chat.readSeq : last
        const from = Math.max(1, middle - PAGE)
        const to = Math.min(last, middle + PAGE)
        return {
          conversation_id: id,
          title: chat.title,
          peer: chat.peer,
          messages: page(chat, from, to),
          has_older: from > 1,
          has_newer: to < last,
          marks: marks(chat),
          draft: chat.draft,
          closed: chat.closed ? ('not_friends' as const) : null,
        }
      }),
    older: (id, before) =>
      world.answer((): TimelinePage => {
        const from = Math.max(1, before - PAGE)
        const chat = world.chat(id)
        const part = stored(chat).filter((m) => (m.seq ?? 0) >= from && (m.seq ?? 0) < before)
        return { messages: part, has_more: from > 1 }
      }),
    newer: (id, after) =>
      world.answer((): TimelinePage => {
        const chat = world.chat(id)
        return { messages: page(chat, after + 1, after + PAGE), has_more: after + PAGE < lastSeq(chat) }
      }),
    markRead: (id, seq) =>
      world.answer(() => {
        const chat = world.chat(id)
        chat.readSeq = Math.max(chat.readSeq, Math.min(seq, lastSeq(chat)))
        world.changed(chat, [])
        return null
      }),
    sendText: (id, words) =>
      world.answer(() => {
        const chat = world.chat(id)
        if (words.trim() === '' || [...words].length > 8_000) {
          throw failure('invalid_content')
        }
        world.lastNumber += 1
        const message: MessageView = {
          ...text(id, 0, me.id, words, world.now()),
          id: messageId(id, 1_000_000 + world.lastNumber),
          seq: null,
          queue_order: world.lastNumber,
          status: { status: 'sending' },
        }
        chat.messages.push(message)
        chat.draft = null
        const echo = structuredClone(message)
        world.changed(chat, [message.id])
        later(() => {
          deliver(chat, message)
          seen(chat)
        })
        return echo
      }),
    retryMessage: (id) =>
      world.answer(() => {
        const [chat, message] = owner(id)
        message.status = { status: 'sending' }
        world.changed(chat, [id])
        later(() => deliver(chat, message))
        return null
      }),
    deleteUnsent: (id) =>
      world.answer(() => {
        const [chat] = owner(id)
        chat.messages = chat.messages.filter((m) => m.id !== id)
        world.changed(chat, [], [id])
        return null
      }),
  }
}
