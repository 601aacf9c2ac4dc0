import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { platform, type ConversationItem, type ConversationList, type CoreEvent } from '@/platform'
import { onEvent } from './events'
import { useToasts } from './toasts'

type Change = Extract<CoreEvent, { type: 'conversations' }>

/** The list of conversations, as the platform said last. */
export const useConversations = defineStore('conversations', () => {
  const items = shallowRef<readonly ConversationItem[]>([])
  const unreadTotal = ref(0)
  /** The list was read; until then an empty one means nothing. */
  const loaded = ref(false)
  /** What was told while the list was being read, which may be older than that. */
  let meanwhile: Change[] | undefined
  /** The reading that has not come to its end. */
  let reading: Promise<void> | undefined

  /** Reads the list anew. */
  function load(): Promise<void> {
    const mine = read().finally(() => {
      if (reading === mine) {
        reading = undefined
      }
    })
    reading = mine
    return mine
  }

  /** Reads the list, unless it was read or is being read. */
  async function loadOnce(): Promise<void> {
    if (!loaded.value) {
      await (reading ?? load())
    }
  }

  async function read(): Promise<void> {
    const mine: Change[] = []
    meanwhile = mine
    try {
      const list: ConversationList = await platform().conversations()
      // Else another reading, or a sign-out, came in between.
      if (meanwhile === mine) {
        items.value = newestFirst(list.items)
        unreadTotal.value = list.unread_total
        loaded.value = true
        mine.forEach(apply)
      }
    } finally {
      if (meanwhile === mine) {
        meanwhile = undefined
      }
    }
  }

  function apply(change: Change): void {
    items.value = upsert(items.value, change.items)
    unreadTotal.value = change.unread_total
  }

  /** Forgets everything, e.g. when somebody else signs in. */
  function clear(): void {
    meanwhile = undefined
    reading = undefined
    items.value = []
    unreadTotal.value = 0
    loaded.value = false
  }

  onEvent('conversations', (event) => {
    meanwhile?.push(event)
    apply(event)
  })
  onEvent('resync', () => {
    load().catch((error: unknown) => useToasts().showFailure(error))
  })

  return { items, unreadTotal, loaded, load, loadOnce, clear }
})

/** Replaces the lines that changed, adds new ones, and sorts. */
export function upsert(
  held: readonly ConversationItem[],
  changed: readonly ConversationItem[],
): readonly ConversationItem[] {
  const byId = new Map(held.map((item) => [item.id, item]))
  for (const item of changed) {
    byId.set(item.id, item)
  }
  return newestFirst([...byId.values()])
}

function newestFirst(items: readonly ConversationItem[]): readonly ConversationItem[] {
  return [...items].sort((a, b) => b.updated_at - a.updated_at || b.id - a.id)
}
