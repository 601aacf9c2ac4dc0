import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { usePlatform } from '@/platform'
import { createFake, type Fake } from '@/platform/fake'
import { startEvents } from '@/stores/events'
import { useTimeline, type OpenTimeline } from './useTimeline'

let fake: Fake
let scope: EffectScope
let stop: () => void
let seen: boolean

beforeEach(async () => {
  fake = createFake()
  usePlatform(fake)
  stop = await startEvents()
  scope = effectScope()
  seen = true
})

afterEach(() => {
  scope.stop()
  stop()
})

/** The conversation of a friend, by their number. */
function chatOf(peer: number): number {
  return fake.world.chats.find((chat) => chat.peer.id === peer)?.id ?? 0
}

async function opened(id: number): Promise<OpenTimeline> {
  const timeline = scope.run(() => useTimeline(id, () => seen))
  if (timeline === undefined) {
    throw new Error('the scope is gone')
  }
  await timeline.open('unread')
  return timeline
}

const texts = ({ rows }: OpenTimeline): string[] =>
  rows.value.map(({ message }) => (message.body.kind === 'text' ? message.body.text : message.body.kind))
const statuses = ({ rows }: OpenTimeline): string[] => rows.value.map(({ message }) => message.status.status)

const ALICE = 10_002
const BOB = 10_003

describe('an opened conversation', () => {
  it('has the line above what was not read, which stays while it is read', async () => {
    const timeline = await opened(chatOf(ALICE))
    const line = timeline.rows.value.findIndex(({ opensUnread }) => opensUnread)
    expect(timeline.rows.value.length - line).toBe(3)
    await timeline.markRead(timeline.marks.value?.last_seq ?? 0)
    expect(timeline.marks.value?.unread).toBe(0)
    expect(timeline.rows.value[line]?.opensUnread).toBe(true)
    await timeline.send('Seen it all')
    expect(timeline.rows.value.some(({ opensUnread }) => opensUnread)).toBe(false)
  })

  it('shows what was sent at once and once, and then that it is stored', async () => {
    const timeline = await opened(chatOf(BOB))
    const before = timeline.rows.value.length
    fake.setOnline(false)
    await timeline.send('one')
    await timeline.send('two')
    await flushPromises()
    expect(texts(timeline).slice(before)).toEqual(['one', 'two'])
    expect(statuses(timeline).slice(before)).toEqual(['sending', 'sending'])
    fake.setOnline(true)
    for (const { message } of timeline.rows.value.slice(before)) {
      await timeline.retry(message.id)
    }
    await flushPromises()
    expect(texts(timeline).slice(before)).toEqual(['one', 'two'])
    expect(statuses(timeline).slice(before)).toEqual(['stored', 'stored'])
  })

  it('keeps a refused message with its reason until it is deleted', async () => {
    const timeline = await opened(chatOf(BOB))
    const before = timeline.rows.value.length
    await timeline.send('!fail')
    await flushPromises()
    const last = timeline.rows.value.at(-1)?.message
    expect(last?.status).toMatchObject({ status: 'failed', failure: { code: 'not_friends' } })
    await timeline.remove(last?.id ?? '')
    expect(timeline.rows.value).toHaveLength(before)
  })

  it('loads older pages until the beginning', async () => {
    const timeline = await opened(chatOf(ALICE))
    const { length } = timeline.rows.value
    const last = timeline.rows.value.at(-1)?.message.id
    await timeline.loadOlder()
    expect(timeline.rows.value.length).toBeGreaterThan(length)
    expect(timeline.rows.value.at(-1)?.message.id).toBe(last)
    for (let page = 0; page < 20; page += 1) {
      await timeline.loadOlder()
    }
    expect(timeline.hasOlder.value).toBe(false)
    expect(timeline.rows.value[0]?.message.seq).toBe(1)
    expect(new Set(timeline.rows.value.map(({ message }) => message.id)).size).toBe(timeline.rows.value.length)
  })

  it('says why a page could not be loaded, and loads it when asked again', async () => {
    const timeline = await opened(chatOf(ALICE))
    const { length } = timeline.rows.value
    vi.spyOn(fake, 'older').mockRejectedValueOnce({ code: 'unreachable', message: '', retry_after_ms: null })
    await timeline.loadOlder()
    expect(timeline.loadFailure.value?.code).toBe('unreachable')
    timeline.loadAgain()
    await flushPromises()
    expect(timeline.loadFailure.value).toBeUndefined()
    expect(timeline.rows.value.length).toBeGreaterThan(length)
  })

  it('misses nothing that comes while it is being opened', async () => {
    const id = chatOf(BOB)
    const open = fake.openTimeline
    vi.spyOn(fake, 'openTimeline').mockImplementationOnce(async (chat, at) => {
      const snapshot = await open(chat, at)
      fake.receive(id, 'in between')
      return snapshot
    })
    const timeline = await opened(id)
    expect(texts(timeline).at(-1)).toBe('in between')
    expect(timeline.marks.value?.unread).toBe(1)
  })

  it('draws the line above what comes while nobody looks, and none while somebody does', async () => {
    const timeline = await opened(chatOf(BOB))
    fake.receive(chatOf(BOB), 'looked at')
    expect(timeline.rows.value.some(({ opensUnread }) => opensUnread)).toBe(false)
    await timeline.markRead(timeline.marks.value?.last_seq ?? 0)
    seen = false
    fake.receive(chatOf(BOB), 'not looked at')
    fake.receive(chatOf(BOB), 'nor this')
    expect(texts(timeline).slice(timeline.rows.value.findIndex(({ opensUnread }) => opensUnread))).toEqual([
      'not looked at',
      'nor this',
    ])
    expect(timeline.incoming.value?.body).toEqual({ kind: 'text', text: 'nor this' })
  })

  it('fetches what lies between when a message comes from beyond a gap', async () => {
    const timeline = await opened(chatOf(BOB))
    const held = timeline.rows.value.length
    // Two come while the events are lost, the third is heard.
    const chat = fake.world.chat(chatOf(BOB))
    stop()
    fake.receive(chat.id, 'lost 1')
    fake.receive(chat.id, 'lost 2')
    stop = await startEvents()
    fake.receive(chat.id, 'heard')
    expect(timeline.hasNewer.value).toBe(true)
    expect(timeline.rows.value).toHaveLength(held)
    await timeline.loadNewer()
    expect(texts(timeline).slice(held)).toEqual(['lost 1', 'lost 2', 'heard'])
    expect(timeline.hasNewer.value).toBe(false)
  })

  it('does not ask for ever where nothing newer can be had', async () => {
    const timeline = await opened(chatOf(BOB))
    const newer = vi.spyOn(fake, 'newer').mockResolvedValue({ messages: [], has_more: false })
    const marks = timeline.marks.value
    if (marks === undefined) {
      throw new Error('not opened')
    }
    fake.emit({
      type: 'timeline',
      conversation_id: chatOf(BOB),
      messages: [],
      removed: [],
      marks: { ...marks, last_seq: marks.last_seq + 5 },
    })
    await timeline.loadNewer()
    await timeline.loadNewer()
    expect(newer).toHaveBeenCalledTimes(1)
  })

  it('notices that the other is no friend any more', async () => {
    const timeline = await opened(chatOf(BOB))
    expect(timeline.closed.value).toBeNull()
    fake.world.chat(chatOf(BOB)).closed = true
    fake.emit({ type: 'contacts' })
    await flushPromises()
    expect(timeline.closed.value).toBe('not_friends')
  })

  it('says why it could not be opened', async () => {
    const timeline = await opened(999_999)
    expect(timeline.failure.value?.code).toBe('conversation_not_found')
    expect(timeline.opened.value).toBe(false)
  })
})

describe('a message that a link names', () => {
  it('is reached from wherever the window stands', async () => {
    const id = chatOf(10002)
    const timeline = await opened(id)
    const far = fake.world.chat(id).messages[20]?.id ?? ''
    const shown = (): boolean => timeline.rows.value.some(({ message }) => message.id === far)
    expect(shown()).toBe(false)
    expect(await timeline.reach(far)).toBe(true)
    expect(shown()).toBe(true)
    const last = fake.world.chat(id).messages.at(-1)?.id ?? ''
    expect(await timeline.reach(last)).toBe(true)
  })

  it('is not waited for where it is not, or cannot be loaded', async () => {
    const id = chatOf(10002)
    const timeline = await opened(id)
    expect(await timeline.reach('018f0000-0000-7000-8000-00000000dead')).toBe(false)
    expect(timeline.hasOlder.value).toBe(false)
    const other = await opened(id)
    vi.spyOn(fake, 'older').mockRejectedValue({ code: 'storage', message: '', retry_after_ms: null })
    expect(await other.reach(fake.world.chat(id).messages[20]?.id ?? '')).toBe(false)
    expect(other.loadFailure.value?.code).toBe('storage')
  })
})
