import { defineStore } from 'pinia'
import { watch } from 'vue'

import { platform } from '@/platform'
import { onShellEvent } from './events'
import { useSession } from './session'

/** How long writing pauses before it is kept. */
const PAUSE_MS = 400

/** What was begun to be written in one conversation of one account. */
export interface Draft {
  /** What is not kept yet; none where the platform knows best. */
  unsaved: () => string | undefined
  /** Keeps a text soon. */
  write: (text: string) => void
  /** Keeps it now. */
  flush: () => Promise<void>
}

/**
 * What was begun to be written and is not with the platform yet. It outlives the text field, so that
 * switching to another conversation and back loses nothing.
 */
export const useDrafts = defineStore('drafts', () => {
  const session = useSession()
  const drafts = new Map<string, Draft>()

  /** Returns the draft of a conversation of the account in view, which it stays with whichever is shown later. */
  function of(id: number): Draft {
    const account = session.accountKey
    const key = `${account}/${String(id)}`
    const draft = drafts.get(key) ?? make(account, id)
    drafts.set(key, draft)
    return draft
  }

  function make(account: string, id: number): Draft {
    let unsaved: string | undefined
    let timer: ReturnType<typeof setTimeout> | undefined

    async function flush(): Promise<void> {
      clearTimeout(timer)
      const text = unsaved
      // The platform takes it for a conversation of the account that it shows. Until that is this one
      // again, the text stays here.
      if (text === undefined || session.shownKey !== account) {
        return
      }
      try {
        await platform().setDraft(id, text)
        if (unsaved === text) {
          unsaved = undefined
        }
      } catch (error) {
        // The text stays here, and is tried again with the next change.
        console.error(error)
      }
    }

    function write(text: string): void {
      unsaved = text
      clearTimeout(timer)
      timer = setTimeout(() => void flush(), PAUSE_MS)
    }

    return { unsaved: () => unsaved, write, flush }
  }

  /** Keeps everything now, e.g. before another account is shown, which has other conversations. */
  async function flushAll(): Promise<void> {
    await Promise.all([...drafts.values()].map((draft) => draft.flush()))
  }

  window.addEventListener('pagehide', () => void flushAll())
  document.addEventListener('visibilitychange', () => void flushAll())
  watch(
    () => session.accountKey,
    () => void flushAll(),
  )
  onShellEvent('lock', ({ lock }) => {
    if (lock === 'locked') {
      // Nothing of it stays in memory.
      drafts.clear()
    }
  })

  return { of, flushAll }
})
