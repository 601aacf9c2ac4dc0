/** Menus, and opening the one of an element by the keyboard. */
import type { Component } from 'vue'

/** A line of a menu. */
export interface MenuItem {
  label: string
  icon?: Component
  danger?: boolean
  testid?: string
  select: () => void
}

/** Tells whether the keys ask for a menu. The key of its own that some keyboards have does so by itself. */
export function asksForMenu({ key, shiftKey }: KeyboardEvent): boolean {
  return key === 'F10' && shiftKey
}

/** Opens the context menu of an element, as a right click would. */
export function openMenuAt(element: Element): void {
  const { left, bottom } = element.getBoundingClientRect()
  element.dispatchEvent(
    new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: left + 12, clientY: bottom - 8 }),
  )
}
