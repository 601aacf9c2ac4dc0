import { onScopeDispose, shallowRef, watch } from 'vue'
import { platform, toFailure, type Failure, type Person } from '@/platform'
import { onEvent } from '@/stores/events'

/** Holds somebody's card, and reads it again when contacts change. */
export function usePerson(id: () => number) {
  const person = shallowRef<Person | null>(null)
  const failure = shallowRef<Failure | null>(null)
  let last = 0

  async function load(): Promise<void> {
    last += 1
    const mine = last
    failure.value = null
    try {
      const read = await platform().person(id())
      if (mine === last) {
        person.value = read
      }
    } catch (error) {
      if (mine === last) {
        failure.value = toFailure(error)
      }
    }
  }

  watch(
    id,
    () => {
      person.value = null
      void load()
    },
    { immediate: true },
  )
  onScopeDispose(onEvent('contacts', () => void load()))

  return { person, failure, load }
}
