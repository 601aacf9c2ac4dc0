import { onScopeDispose, ref, type Ref } from 'vue'

/** Whether somebody is looking: the window has the focus and is not hidden. */
export function useWindowFocus(): Readonly<Ref<boolean>> {
  const looking = (): boolean => document.hasFocus() && document.visibilityState === 'visible'
  const focused = ref(looking())
  // A window that loses the focus may still say that it has it while the event runs.
  const update = (event: Event): void => {
    focused.value = event.type === 'focus' || (event.type !== 'blur' && looking())
  }
  const stops = [
    [window, 'focus'],
    [window, 'blur'],
    [document, 'visibilitychange'],
  ] as const
  stops.forEach(([target, type]) => target.addEventListener(type, update))
  onScopeDispose(() => stops.forEach(([target, type]) => target.removeEventListener(type, update)))
  return focused
}
