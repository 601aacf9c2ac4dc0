import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { platform, type CoreEvent, type Presence } from '@/platform'
import { onEvent } from './events'
import { useToasts } from './toasts'

type Change = Extract<CoreEvent, { type: 'presence' }>
type Known = ReadonlyMap<number, Presence>

/** Which friends are there. Of those who are missing here nothing is known, as of all without a link. */
export const usePresence = defineStore('presence', () => {
  const known = shallowRef<Known>(new Map())
  /** What was told while all was being read, which may be older than that. */
  let meanwhile: Change[] | undefined

  async function load(): Promise<void> {
    const mine: Change[] = []
    meanwhile = mine
    try {
      const people = await platform().presence()
      // Else another reading, or a sign-out, came in between.
      if (meanwhile === mine) {
        known.value = byId(people)
        mine.forEach(apply)
      }
    } finally {
      if (meanwhile === mine) {
        meanwhile = undefined
      }
    }
  }

  function apply({ whole, people }: Change): void {
    known.value = whole ? byId(people) : new Map([...known.value, ...byId(people)])
  }

  /** Forgets everything, e.g. when somebody else signs in. */
  function clear(): void {
    meanwhile = undefined
    known.value = new Map()
  }

  /** Returns what is known of somebody. Reactive. */
  function of(id: number | undefined): Presence | undefined {
    return id === undefined ? undefined : known.value.get(id)
  }

  function isOnline(id: number | undefined): boolean {
    return of(id)?.online === true
  }

  onEvent('presence', (event) => {
    meanwhile?.push(event)
    apply(event)
  })
  onEvent('resync', () => {
    load().catch((error: unknown) => useToasts().showFailure(error))
  })

  return { load, clear, of, isOnline }
})

function byId(people: readonly Presence[]): Known {
  return new Map(people.map((one) => [one.user_id, one]))
}
