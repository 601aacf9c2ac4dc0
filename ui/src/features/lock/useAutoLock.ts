import { onScopeDispose, watch } from 'vue'
import { useRoute } from 'vue-router'
import { platform } from '@/platform'
import { useSession } from '@/stores/session'
import { useToasts } from '@/stores/toasts'

const MINUTE = 60_000
const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const
/** How often the app's other windows are told that somebody is here. */
const TELL_EVERY = 5_000

/** Locks the app when nobody used it for as long as the settings say, or when its main window is hidden. */
export function useAutoLock(): void {
  const session = useSession()
  const route = useRoute()
  const toasts = useToasts()
  const windows = new BroadcastChannel('magpie-used')
  let last = Date.now()
  let told = 0
  let timer: number | undefined

  /** How long without use it takes, in milliseconds; none where it does not lock by itself. */
  function limit(): number | undefined {
    const minutes = session.settings.lock_after_minutes
    return session.lock === 'unlocked' && minutes !== null ? minutes * MINUTE : undefined
  }

  function lock(): void {
    platform().lock().catch(toasts.showFailure)
  }

  /** Locks where it is time, else looks again when it could be: one timer, however much is typed. */
  function look(): void {
    window.clearTimeout(timer)
    const most = limit()
    if (most === undefined || most === 0) {
      return
    }
    const left = last + most - Date.now()
    if (left <= 0) {
      lock()
    } else {
      timer = window.setTimeout(look, left)
    }
  }

  function used(): void {
    const most = limit()
    // The computer may have slept: then it is the first sign of use that finds the time over.
    if (most !== undefined && most > 0 && Date.now() - last >= most) {
      lock()
      return
    }
    last = Date.now()
    if (last - told > TELL_EVERY) {
      told = last
      windows.postMessage(last)
    }
  }

  function onVisibility(): void {
    if (document.visibilityState === 'hidden' && route.meta.alone !== true && limit() === 0) {
      lock()
    }
  }

  windows.onmessage = ({ data }: MessageEvent<number>) => (last = Math.max(last, data))
  SIGNS.forEach((sign) => window.addEventListener(sign, used, { passive: true, capture: true }))
  document.addEventListener('visibilitychange', onVisibility)
  watch(
    () => [session.lock, session.settings.lock_after_minutes],
    () => {
      last = Date.now()
      look()
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    window.clearTimeout(timer)
    windows.close()
    SIGNS.forEach((sign) => window.removeEventListener(sign, used, { capture: true }))
    document.removeEventListener('visibilitychange', onVisibility)
  })
}
