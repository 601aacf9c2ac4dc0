/** What the keys of the composer do. */
import type { EnterKey } from '@/platform'

export type KeyMeaning = 'send' | 'break' | 'leave'

/**
 * Tells what Enter means. Where it breaks the line, it sends with Ctrl, or with Cmd. An input method takes Enter for itself while it composes; WebKit fires the
 * key only after the composition has ended, and marks it with the code 229 alone.
 */
export function meaningOf(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'isComposing' | 'keyCode'>,
  enter: EnterKey = 'sends',
): KeyMeaning {
  if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229) {
    return 'leave'
  }
  if (event.shiftKey) {
    return 'break'
  }
  return enter === 'sends' || event.ctrlKey || event.metaKey ? 'send' : 'break'
}
