/** What the keys of the composer do. */

export type KeyMeaning = 'send' | 'break' | 'leave'

/**
 * Tells what Enter means. An input method takes Enter for itself while it composes; WebKit fires the
 * key only after the composition has ended, and marks it with the code 229 alone.
 */
export function meaningOf(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'isComposing' | 'keyCode'>,
): KeyMeaning {
  if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229) {
    return 'leave'
  }
  return event.shiftKey ? 'break' : 'send'
}
