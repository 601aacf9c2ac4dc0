import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { usePlatform } from '@/platform'
import { createFake, type Fake } from '@/platform/fake'
import { startEvents } from './events'
import { usePresence } from './presence'

const [ALICE, BOB, MUM] = [10002, 10003, 10006]
let fake: Fake
let stop: () => void

beforeEach(async () => {
  setActivePinia(createPinia())
  fake = createFake()
  usePlatform(fake)
  stop = await startEvents()
})

afterEach(() => stop())

describe('who is there', () => {
  it('is known of some, and changes as the platform says', async () => {
    const store = usePresence()
    await store.load()
    expect([ALICE, BOB, MUM].map(store.isOnline)).toEqual([true, false, false])
    expect(store.of(MUM)).toBeUndefined()
    fake.setPresence({ user_id: BOB, online: true })
    fake.setPresence({ user_id: ALICE, online: false, last_seen_at: 5 })
    expect([ALICE, BOB].map(store.isOnline)).toEqual([false, true])
    expect(store.of(ALICE)?.last_seen_at).toBe(5)
  })

  it('is not known without a link, which is not being away', async () => {
    const store = usePresence()
    await store.load()
    fake.setOnline(false)
    expect(store.of(ALICE)).toBeUndefined()
    expect(store.of(BOB)).toBeUndefined()
  })

  it('is not turned back by a reading that an event overtook', async () => {
    const store = usePresence()
    const read = fake.presence
    vi.spyOn(fake, 'presence').mockImplementationOnce(async () => {
      const people = await read()
      fake.setPresence({ user_id: BOB, online: true })
      return people
    })
    await store.load()
    expect(store.isOnline(BOB)).toBe(true)
    expect(store.isOnline(ALICE)).toBe(true)
  })

  it('is read again when events were missed, and forgotten with the account', async () => {
    const store = usePresence()
    await store.load()
    stop()
    fake.setPresence({ user_id: BOB, online: true })
    stop = await startEvents()
    fake.emit({ type: 'resync' })
    await flushPromises()
    expect(store.isOnline(BOB)).toBe(true)
    store.clear()
    expect(store.of(BOB)).toBeUndefined()
  })
})
