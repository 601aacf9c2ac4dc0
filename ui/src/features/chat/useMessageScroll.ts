/**
 * Where the list of messages stands.
 *
 * It opens at the first unread message or at the end. It stays where it is while older pages load
 * above, and goes along with what arrives below only while it is at the end.
 */
import type { VirtualizerHandle } from 'virtua/vue'
import { nextTick, ref, watch, type Ref } from 'vue'
import type { Row } from './rows'

/** As near to an edge as this, the next page is loaded. */
const NEAR = 800
/** As near to the end as this counts as being there. */
const AT_END = 24

export interface MessageScroll {
  /** Rows were put in before the others; the list keeps its place from the end. */
  readonly shift: Ref<boolean>
  readonly atEnd: Ref<boolean>
  /** The end is so far away that a button leads there. */
  readonly farFromEnd: Ref<boolean>
  readonly onScroll: () => void
  readonly onResize: () => void
  readonly toEnd: () => void
  /** Puts the list where it begins. */
  readonly begin: () => void
}

export function useMessageScroll(
  list: Readonly<Ref<VirtualizerHandle | null>>,
  rows: Readonly<Ref<readonly Row[]>>,
  more: { older: () => void; newer: () => void; look: () => void },
): MessageScroll {
  const shift = ref(false)
  const atEnd = ref(true)
  const farFromEnd = ref(false)
  let lastOffset = 0
  let begun = false

  watch(
    rows,
    (now, before) => {
      const oldFirst = before[0]?.message.id
      const oldLast = before.at(-1)?.message.id
      shift.value =
        before.length > 0 && now[0]?.message.id !== oldFirst && now.at(-1)?.message.id === oldLast
      void nextTick(() => {
        if (begun && atEnd.value) {
          toEnd()
        }
        look()
      })
    },
    // Before the list is drawn, which must know on which side it grew.
    { flush: 'sync' },
  )

  function begin(): void {
    begun = true
    const unread = rows.value.findIndex(({ opensUnread }) => opensUnread)
    atEnd.value = unread < 0
    if (unread < 0) {
      toEnd()
    } else {
      // A little of what was read before stays in sight above.
      list.value?.scrollToIndex(unread, { align: 'start', offset: -48 })
    }
  }

  function toEnd(): void {
    atEnd.value = true
    list.value?.scrollToIndex(rows.value.length - 1, { align: 'end' })
  }

  function distance(): number {
    const shown = list.value
    return shown ? shown.scrollSize - shown.scrollOffset - shown.viewportSize : 0
  }

  function onScroll(): void {
    const offset = list.value?.scrollOffset ?? 0
    // Only somebody who scrolls up leaves the end: what grows above or below does not.
    if (distance() <= AT_END) {
      atEnd.value = true
    } else if (offset < lastOffset - 1) {
      atEnd.value = false
    }
    lastOffset = offset
    look()
  }

  function onResize(): void {
    if (begun && atEnd.value && distance() > 1) {
      toEnd()
    }
    look()
  }

  /** Sees what is near and on the screen. */
  function look(): void {
    const shown = list.value
    if (!begun || !shown || shown.viewportSize === 0) {
      return
    }
    farFromEnd.value = distance() > shown.viewportSize / 2
    if (shown.scrollOffset < NEAR) {
      more.older()
    }
    if (distance() < NEAR) {
      more.newer()
    }
    more.look()
  }

  return { shift, atEnd, farFromEnd, onScroll, onResize, toEnd, begin }
}
