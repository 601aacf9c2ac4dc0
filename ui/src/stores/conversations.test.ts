import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { usePlatform } from '@/platform'
import { createFake, type Fake } from '@/platform/fake'
import { useConversations } from './conversations'
import { startEvents } from './events'

let fake: Fake
let stop: () => void

beforeEach(async () => {
  setActivePinia(createPinia())
  fake = createFake()
  usePlatform(fake)
  stop = await startEvents()
})

afterEach(() => stop())

describe('the list', () => {
  it('has the newest first, and the one that something came for on top', async () => {
    const store = useConversations()
    await store.load()
    const times = store.items.map(({ updated_at }) => updated_at)
    expect(times).toEqual([...times].sort((a, b) => b - a))
    const last = store.items.at(-1)
    fake.receive(last?.id ?? 0, 'here I am')
    expect(store.items[0]?.id).toBe(last?.id)
    expect(store.items[0]?.unread).toBe(1)
    expect(new Set(store.items.map(({ id }) => id)).size).toBe(store.items.length)
  })

  it('is not turned back by a reading that an event overtook', async () => {
    const store = useConversations()
    const read = fake.conversations
    const id = fake.world.chats.at(-1)?.id ?? 0
    vi.spyOn(fake, 'conversations').mockImplementationOnce(async () => {
      const list = await read()
      fake.receive(id, 'meanwhile')
      return list
    })
    await store.load()
    expect(store.items[0]?.id).toBe(id)
    expect(store.unreadTotal).toBe(fake.world.unreadTotal())
  })

  it('is read once, however many look for it at the start', async () => {
    const store = useConversations()
    const read = vi.spyOn(fake, 'conversations')
    await Promise.all([store.load(), store.loadOnce(), store.loadOnce()])
    await store.loadOnce()
    expect(read).toHaveBeenCalledTimes(1)
    expect(store.items.length).toBe(fake.world.chats.length)
  })

  it('is read again when events were missed, and empty after a sign-out', async () => {
    const store = useConversations()
    await store.load()
    stop()
    fake.receive(fake.world.chats[1]?.id ?? 0, 'missed')
    stop = await startEvents()
    fake.emit({ type: 'resync' })
    await flushPromises()
    expect(store.unreadTotal).toBe(fake.world.unreadTotal())
    store.clear()
    expect(store.items).toEqual([])
    expect(store.loaded).toBe(false)
  })
})
