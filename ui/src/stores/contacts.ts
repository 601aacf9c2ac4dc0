import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { platform, type Contacts } from '@/platform'
import { onEvent } from './events'
import { latest } from './latest'
import { useToasts } from './toasts'

const none: Contacts = { friends: [], received: [], sent: [], blocked: [], pending: 0 }

/** Everybody one has to do with, as the platform said last. */
export const useContacts = defineStore('contacts', () => {
  const contacts = shallowRef<Contacts>(none)
  const loaded = shallowRef(false)

  const begin = latest()

  async function load(): Promise<void> {
    const isLatest = begin()
    const read = await platform().contacts()
    if (isLatest()) {
      contacts.value = read
      loaded.value = true
    }
  }

  /** Forgets everything, e.g. when somebody else signs in. */
  function clear(): void {
    begin()
    contacts.value = none
    loaded.value = false
  }

  function reload(): void {
    load().catch((error: unknown) => useToasts().showFailure(error))
  }

  onEvent('contacts', reload)
  onEvent('resync', reload)

  return { contacts, loaded, load, clear }
})
