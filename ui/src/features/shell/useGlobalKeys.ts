import { onBeforeUnmount, onMounted } from 'vue'
import { isPressed } from '@/features/shortcuts/keys'
import { globalKeys, type GlobalAction } from '@/features/shortcuts/list'
import { isCovered } from './isCovered'

/** Does what the keys ask for that count everywhere in the window. */
export function useGlobalKeys(act: Record<GlobalAction, () => void>): void {
  function onKeydown(event: KeyboardEvent): void {
    // Behind a dialog, everything is hidden from the keyboard.
    if (event.isComposing || event.keyCode === 229 || isCovered()) {
      return
    }
    const names = Object.keys(globalKeys) as GlobalAction[]
    const action = names.find((name) => globalKeys[name].some((keys) => isPressed(keys, event)))
    if (action) {
      event.preventDefault()
      act[action]()
    }
  }

  onMounted(() => window.addEventListener('keydown', onKeydown))
  onBeforeUnmount(() => window.removeEventListener('keydown', onKeydown))
}
