import { ref, type Ref } from 'vue'

/** Does one thing at a time: a second call while the first is under way does nothing. */
export function usePending(failed: (error: unknown) => void): {
  busy: Ref<boolean>
  run: (work: () => Promise<unknown>) => Promise<boolean>
} {
  const busy = ref(false)

  /** Returns whether it was done. */
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) {
      return false
    }
    busy.value = true
    try {
      await work()
      return true
    } catch (error) {
      failed(error)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, run }
}
