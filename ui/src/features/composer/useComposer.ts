/** What is being written in one conversation. */
import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref } from 'vue'

import { toFailure, type Failure } from '@/platform'
import { useDrafts } from '@/stores/drafts'
import { charactersLeft, toSend } from './length'

export interface Composer {
  readonly text: Ref<string>
  /** How many characters are left, near the limit and past it. */
  readonly left: ComputedRef<number | undefined>
  readonly sendable: ComputedRef<boolean>
  /** Why the last text could not be sent. */
  readonly failure: Ref<Failure | undefined>
  /** Takes what was written. */
  readonly change: (text: string) => void
  /** Sends; the text comes back where that fails. */
  readonly submit: () => Promise<void>
}

/**
 * @param id the conversation
 * @param kept what the platform kept of an earlier visit
 * @param send hands a text over to be sent
 * @param show puts a text into the field
 */
export function useComposer(
  id: number,
  kept: string | null,
  send: (text: string) => Promise<void>,
  show: (text: string) => void,
): Composer {
  const draft = useDrafts().of(id)
  const text = ref(draft.unsaved() ?? kept ?? '')
  const failure = shallowRef<Failure>()
  const ready = computed(() => toSend(text.value))

  onScopeDispose(() => void draft.flush())

  function change(written: string): void {
    if (written !== text.value) {
      text.value = written
      draft.write(written)
    }
  }

  function replace(written: string): void {
    change(written)
    show(written)
  }

  async function submit(): Promise<void> {
    const words = ready.value
    if (words === undefined) {
      return
    }
    const written = text.value
    failure.value = undefined
    text.value = ''
    show('')
    try {
      await send(words)
      // Only now: until the message is kept, the draft is what a crash would leave.
      draft.write(text.value)
      await draft.flush()
    } catch (error) {
      failure.value = toFailure(error)
      replace(text.value === '' ? written : `${written}\n${text.value}`)
    }
  }

  return {
    text,
    left: computed(() => charactersLeft(text.value)),
    sendable: computed(() => ready.value !== undefined),
    failure,
    change,
    submit,
  }
}
