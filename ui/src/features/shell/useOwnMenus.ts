import { onBeforeUnmount, onMounted } from 'vue'

/**
 * Keeps the engine's own menu away, which offers to go back or to load the page anew, except where
 * text is written or is chosen to be copied.
 */
export function useOwnMenus(): void {
  function onContextMenu(event: MouseEvent): void {
    if (!hasMenu(event.target)) {
      event.preventDefault()
    }
  }

  onMounted(() => window.addEventListener('contextmenu', onContextMenu))
  onBeforeUnmount(() => window.removeEventListener('contextmenu', onContextMenu))
}

function hasMenu(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) {
    return false
  }
  const chosen = window.getSelection()
  return (
    // Whoever shows one of our own keeps the other away as well, and does not show it where that was done before.
    target.closest('[data-own-menu]') !== null ||
    target.closest('input:not([type="range"], [type="checkbox"], [type="radio"]), textarea, [contenteditable="true"]') !== null ||
    (chosen !== null && !chosen.isCollapsed && chosen.containsNode(target, true))
  )
}
