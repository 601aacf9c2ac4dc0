import { onBeforeUnmount, onMounted } from 'vue'

/**
 * Marks the page while it is used by keys: WebKit takes a focus that a script moves for the
 * pointer's, and draws no ring, where the pointer was used last to move the focus.
 */
export function useKeyMarks(): void {
  const { dataset } = document.documentElement
  const mark = (): void => void (dataset.keys = '')
  const unmark = (): void => void delete dataset.keys

  onMounted(() => {
    window.addEventListener('keydown', mark, true)
    window.addEventListener('pointerdown', unmark, true)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('keydown', mark, true)
    window.removeEventListener('pointerdown', unmark, true)
    unmark()
  })
}
