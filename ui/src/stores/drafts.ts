import { defineStore } from 'pinia'

import { platform } from '@/platform'

/** How long writing pauses before it is kept. */
const PAUSE_MS = 400

/**
 * What was begun to be written and is not with the platform yet. It outlives the text field, so that
 * switching to another conversation and back loses nothing.
 */
export const useDrafts = defineStore('drafts', () => {
  const unsaved = new Map<number, string>()
  const timers = new Map<number, ReturnType<typeof setTimeout>>()

  /** Keeps a text soon. */
  function write(id: number, text: string): void {
    unsaved.set(id, text)
    clearTimeout(timers.get(id))
    timers.set(
      id,
      setTimeout(() => void flush(id), PAUSE_MS),
    )
  }

  /** Keeps it now. */
  async function flush(id: number): Promise<void> {
    clearTimeout(timers.get(id))
    timers.delete(id)
    const text = unsaved.get(id)
    if (text === undefined) {
      return
    }
    try {
      await platform().setDraft(id, text)
      if (unsaved.get(id) === text) {
        unsaved.delete(id)
      }
    } catch (error) {
      // The text stays here, and is tried again with the next change.
      console.error(error)
    }
  }

  /** What is not kept yet; none where the platform knows best. */
  function unsavedText(id: number): string | undefined {
    return unsaved.get(id)
  }

  /** Keeps everything now, e.g. before another account is shown, which has other conversations. */
  async function flushAll(): Promise<void> {
    await Promise.all([...unsaved.keys()].map(flush))
  }

  window.addEventListener('pagehide', () => void flushAll())
  document.addEventListener('visibilitychange', () => void flushAll())

  return { write, flush, flushAll, unsavedText }
})
