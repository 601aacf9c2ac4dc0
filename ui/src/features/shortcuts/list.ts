import type { MessageKey } from '@/i18n'

/** One shortcut; several keys where each of them does it. */
export interface Shortcut {
  readonly keys: readonly string[]
  readonly label: MessageKey
}

/** A part of the list. */
export interface ShortcutGroup {
  readonly label: MessageKey
  readonly shortcuts: readonly Shortcut[]
}

/** The keys that count everywhere in the window, by what they do. */
export const globalKeys = {
  switcher: ['Mod+K'],
  shortcuts: ['Mod+/'],
  settings: ['Mod+,'],
  chats: ['Mod+1'],
  contacts: ['Mod+2'],
  next: ['Alt+ArrowDown'],
  previous: ['Alt+ArrowUp'],
  zoomIn: ['Mod++', 'Mod+='],
  zoomOut: ['Mod+-'],
  zoomReset: ['Mod+0'],
  lock: ['Mod+Shift+L'],
} as const satisfies Record<string, readonly string[]>

export type GlobalAction = keyof typeof globalKeys

/** All shortcuts, as the list shows them. */
export const shortcutGroups: readonly ShortcutGroup[] = [
  {
    label: 'shortcuts.everywhere',
    shortcuts: [
      { keys: globalKeys.switcher, label: 'shortcuts.switcher' },
      { keys: globalKeys.chats, label: 'shortcuts.chats' },
      { keys: globalKeys.contacts, label: 'shortcuts.contacts' },
      { keys: globalKeys.settings, label: 'shortcuts.settings' },
      { keys: globalKeys.next, label: 'shortcuts.next' },
      { keys: globalKeys.previous, label: 'shortcuts.previous' },
      { keys: ['F6'], label: 'shortcuts.pane' },
      { keys: ['Shift+F6'], label: 'shortcuts.paneBack' },
      { keys: ['F8'], label: 'shortcuts.notifications' },
      { keys: ['Mod++'], label: 'shortcuts.zoomIn' },
      { keys: globalKeys.zoomOut, label: 'shortcuts.zoomOut' },
      { keys: globalKeys.zoomReset, label: 'shortcuts.zoomReset' },
      { keys: globalKeys.lock, label: 'shortcuts.lock' },
      { keys: globalKeys.shortcuts, label: 'shortcuts.list' },
    ],
  },
  {
    label: 'shortcuts.inLists',
    shortcuts: [
      { keys: ['ArrowUp', 'ArrowDown'], label: 'shortcuts.move' },
      { keys: ['Home', 'End'], label: 'shortcuts.ends' },
      { keys: ['Enter'], label: 'shortcuts.openMenu' },
      { keys: ['Shift+F10'], label: 'shortcuts.contextMenu' },
    ],
  },
]

/** What the keys in the text field do; two of them change with a setting. */
export function writingKeys(enterSends: boolean): ShortcutGroup {
  return {
    label: 'shortcuts.writing',
    shortcuts: [
      { keys: [enterSends ? 'Enter' : 'Mod+Enter'], label: 'shortcuts.send' },
      { keys: enterSends ? ['Shift+Enter'] : ['Enter'], label: 'shortcuts.break' },
    ],
  }
}
