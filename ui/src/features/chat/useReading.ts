/** Says how far somebody has read: what was on the screen of a window that has the focus. */
import { onScopeDispose, watch, type Ref } from 'vue'
import type { TimelineMarks } from '@/platform'

/** How long reading on is gathered before it is said again. */
const PAUSE_MS = 300

export interface Reading {
  /** Says that a message was on the screen, unless nobody looked. */
  readonly see: (seq: number) => void
}

export function useReading(
  focused: Readonly<Ref<boolean>>,
  marks: Readonly<Ref<TimelineMarks | undefined>>,
  markRead: (seq: number) => Promise<void>,
): Reading {
  let seen = 0
  let said = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function say(): void {
    timer = undefined
    const read = marks.value?.read_seq ?? 0
    if (!focused.value || seen <= Math.max(read, said) || marks.value?.unread === 0) {
      return
    }
    said = seen
    markRead(seen).catch((error: unknown) => {
      // It is said again with the next message that is seen.
      said = 0
      console.error(error)
    })
  }

  function see(seq: number): void {
    seen = Math.max(seen, seq)
    timer ??= setTimeout(say, PAUSE_MS)
  }

  watch(focused, () => see(seen))
  watch(marks, () => see(seen))
  onScopeDispose(() => clearTimeout(timer))

  return { see }
}
