import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { usePlatform } from '@/platform'
import { createFake, type Fake } from '@/platform/fake'
import { useAccounts } from './accounts'
import { useContacts } from './contacts'
import { startEvents } from './events'
import { useUpdates } from './updates'

let fake: Fake
let stop: () => void

beforeEach(async () => {
  setActivePinia(createPinia())
  fake = createFake({ accounts: 2 })
  usePlatform(fake)
  stop = await startEvents()
})

afterEach(() => stop())

/** Has the next answer of a call wait; what is returned lets it come, as it was asked for. */
async function hold(call: 'contacts' | 'accounts' | 'updateState'): Promise<() => Promise<void>> {
  const answer: unknown = await fake[call]()
  let release: () => void = () => undefined
  vi.spyOn(fake, call).mockImplementationOnce(
    () => new Promise((resolve: (value: never) => void) => (release = () => resolve(answer as never))),
  )
  return async () => {
    release()
    await flushPromises()
  }
}

it('keeps contacts from an answer that a later one overtook, or a sign-out', async () => {
  const contacts = useContacts()
  const answer = await hold('contacts')
  void contacts.load()
  await fake.removeFriend(10007)
  await contacts.load()
  const left = contacts.contacts.friends.length
  await answer()
  expect(contacts.contacts.friends).toHaveLength(left)
  const late = await hold('contacts')
  void contacts.load()
  contacts.clear()
  await late()
  expect(contacts.loaded).toBe(false)
})

it('keeps accounts from an answer that is older than what was told', async () => {
  const accounts = useAccounts()
  const answer = await hold('accounts')
  void accounts.load()
  fake.emitShell({ type: 'accounts', accounts: [] })
  await answer()
  expect(accounts.all).toEqual([])
})

it('keeps updating from an answer that is older than what was told', async () => {
  const updates = useUpdates()
  fake.emitShell({ type: 'update', update: { state: 'checking' } })
  const answer = await hold('updateState')
  void updates.load()
  fake.emitShell({ type: 'update', update: { state: 'off' } })
  await answer()
  expect(updates.state).toEqual({ state: 'off' })
})
