import { nextTick, onBeforeUnmount, onMounted } from 'vue'
import { useRouter } from 'vue-router'

/** Where the focus goes in what is left, in this order: to what is chosen there, or to be filled, or to go on with, or first. */
const PLACES = [
  '[role="option"][tabindex="0"], [aria-current="page"]',
  'input, textarea, [contenteditable="true"]',
  '[data-primary]',
  'button, a[href], [tabindex="0"]',
]

/**
 * Sees to it that whoever uses keys never loses the focus: where it was on something that has gone,
 * it moves to what lay around that; and where another view has come, into the view.
 */
export function useFocusKept(): void {
  const router = useRouter()
  /** What had the focus last, and all that lay around it. */
  let path: Element[] = []
  let timer: number | undefined

  function isLost(): boolean {
    return document.activeElement === null || document.activeElement === document.body
  }

  function onFocusin({ target }: FocusEvent): void {
    path = []
    for (let one = target instanceof Element ? target : null; one && one !== document.body; one = one.parentElement) {
      path.push(one)
    }
  }

  /** A dialog that closes gives the focus back by itself, a moment later. */
  function lookSoon(): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(restore)
  }

  function restore(): void {
    if (!isLost() || document.documentElement.dataset.keys === undefined) {
      return
    }
    const rest = path.filter((one) => one.isConnected && one.id !== 'app')
    for (const around of [...rest, ...document.querySelectorAll('main')]) {
      if (PLACES.some((places) => take(around.querySelectorAll<HTMLElement>(places)))) {
        return
      }
    }
  }

  function take(places: Iterable<HTMLElement>): boolean {
    for (const place of places) {
      if (place.tabIndex >= 0 && place.closest('[aria-hidden="true"]') === null) {
        place.focus()
        if (document.activeElement === place) {
          return true
        }
      }
    }
    return false
  }

  const changes = new MutationObserver(() => {
    if (path[0]?.isConnected === false && isLost()) {
      lookSoon()
    }
  })
  const stop = router.afterEach((to, from, failure) => {
    if (!failure && to.name !== from.name) {
      void nextTick(lookSoon)
    }
  })
  onMounted(() => {
    window.addEventListener('focusin', onFocusin)
    changes.observe(document.body, { childList: true, subtree: true })
  })
  onBeforeUnmount(() => {
    stop()
    window.clearTimeout(timer)
    window.removeEventListener('focusin', onFocusin)
    changes.disconnect()
  })
}
