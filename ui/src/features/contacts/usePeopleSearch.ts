import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { platform, toFailure, type Failure, type Person } from '@/platform'
import { onEvent } from '@/stores/events'

/** How long nothing is typed before the server is asked. */
const PAUSE = 300

/** Looks for people as somebody types, page by page. */
export function usePeopleSearch() {
  const query = ref('')
  const people = shallowRef<Person[]>([])
  const next = ref<string | null>(null)
  const searching = ref(false)
  const failure = shallowRef<Failure | null>(null)
  /** What `people` answers; empty while nothing was asked. */
  const answered = ref('')
  let timer: number | undefined
  let last = 0

  /** Asks for the page at `cursor`. An answer that was overtaken by more typing counts for nothing. */
  async function ask(cursor: string | null): Promise<void> {
    last += 1
    const mine = last
    const asked = query.value.trim()
    searching.value = true
    failure.value = null
    try {
      const page = await platform().searchPeople(asked, cursor)
      if (mine === last) {
        people.value = cursor === null ? page.items : [...people.value, ...page.items]
        next.value = page.next ?? null
        answered.value = asked
      }
    } catch (error) {
      if (mine === last) {
        failure.value = toFailure(error)
      }
    }
    if (mine === last) {
      searching.value = false
    }
  }

  function more(): void {
    if (next.value !== null && !searching.value) {
      void ask(next.value)
    }
  }

  /** Reads the people that are shown again, for what they are to me has changed. */
  async function refresh(): Promise<void> {
    const before = last
    const shown = await Promise.all(
      people.value.map((one) => platform().person(one.user.id).catch(() => one)),
    )
    if (before === last) {
      people.value = shown
    }
  }

  watch(query, (text) => {
    window.clearTimeout(timer)
    last += 1
    searching.value = false
    failure.value = null
    if (text.trim() === '') {
      people.value = []
      next.value = null
      answered.value = ''
    } else {
      timer = window.setTimeout(() => void ask(null), PAUSE)
    }
  })
  const stop = onEvent('contacts', () => void refresh())
  onScopeDispose(() => {
    window.clearTimeout(timer)
    last += 1
    stop()
  })

  return { query, people, next, searching, failure, answered, more }
}
