import { onBeforeUnmount, onMounted, type Ref } from 'vue'
import { isCovered } from './isCovered'

/** Marks what F6 goes to, in the order of the document, and where in it the focus begins. */
const PANE = '[data-pane]'
const STARTS = [
  '[data-pane-start]',
  '[role="option"][tabindex="0"], [aria-current]',
  'a[href], button, input, textarea, [tabindex="0"]',
]

/** Lets F6 and Shift+F6 move the focus between the panes in `root`; each remembers where it was. */
export function useF6(root: Ref<HTMLElement | null>): void {
  const last = new WeakMap<Element, HTMLElement>()

  function onFocusin({ target }: FocusEvent): void {
    const pane = target instanceof HTMLElement ? target.closest(PANE) : null
    if (pane && target instanceof HTMLElement) {
      last.set(pane, target)
    }
  }

  function onKeydown(event: KeyboardEvent): void {
    // Behind a dialog, everything is hidden from the keyboard.
    if (event.key !== 'F6' || event.ctrlKey || event.altKey || event.metaKey || isCovered()) {
      return
    }
    const panes = [...(root.value?.querySelectorAll<HTMLElement>(PANE) ?? [])].filter(isShown)
    const at = panes.findIndex((pane) => pane.contains(document.activeElement))
    const to = event.shiftKey ? (at > 0 ? at : panes.length) - 1 : (at + 1) % panes.length
    const pane = panes[to]
    if (pane) {
      event.preventDefault()
      enter(pane, last.get(pane))
    }
  }

  onMounted(() => {
    window.addEventListener('keydown', onKeydown)
    window.addEventListener('focusin', onFocusin)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('keydown', onKeydown)
    window.removeEventListener('focusin', onFocusin)
  })
}

function enter(pane: HTMLElement, before: HTMLElement | undefined): void {
  const places = [before, ...STARTS.flatMap((start) => [...pane.querySelectorAll<HTMLElement>(start)])]
  const taken = places.some((place) => {
    if (place && pane.contains(place) && isShown(place)) {
      place.focus()
    }
    return place !== undefined && document.activeElement === place
  })
  if (!taken) {
    pane.tabIndex = -1
    pane.focus()
  }
}

function isShown(element: HTMLElement): boolean {
  return getComputedStyle(element).display !== 'none'
}
