import { nextTick } from 'vue'

/** How many frames a list may take. */
const FRAMES = 60

/**
 * Puts the keyboard on a row of a virtual list, which takes some frames to get there: a row that was not
 * measured yet takes no focus.
 *
 * @param isWanted whether the keyboard has not gone on meanwhile
 */
export async function focusRow(find: () => HTMLElement | null | undefined, isWanted: () => boolean): Promise<void> {
  await nextTick()
  for (let frame = 0; frame < FRAMES && isWanted(); frame += 1) {
    const row = find()
    row?.focus({ preventScroll: true })
    if (row && document.activeElement === row) {
      return
    }
    await new Promise(requestAnimationFrame)
  }
}
