import { onScopeDispose, ref, type Ref } from 'vue'

/** The time, a minute exact: enough to know which day it is. */
export function useNow(): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), 60_000)
  onScopeDispose(() => clearInterval(timer))
  return now
}
