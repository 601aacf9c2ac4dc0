import { onBeforeUnmount, onMounted } from 'vue'

/**
 * Keeps the engine's own menu away, which offers to go back or to load the page anew, except where
 * text is written or is chosen to be copied.
 */
export function useOwnMenus(): void {
  function onContextMenu(event: MouseEvent): void {
    if (!isAtText(event.target)) {
      event.preventDefault()
    }
  }

  onMounted(() => window.addEventListener('contextmenu', onContextMenu))
  onBeforeUnmount(() => window.removeEventListener('contextmenu', onContextMenu))
}

function isAtText(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) {
    return false
  }
  const chosen = window.getSelection()
  return (
    target.closest('input:not([type="range"], [type="checkbox"], [type="radio"]), textarea, [contenteditable="true"]') !== null ||
    (chosen !== null && !chosen.isCollapsed && chosen.containsNode(target, true))
  )
}
