/** Keys as they are written down, `Mod+Shift+L`: `Mod` is Cmd on macOS, and Ctrl elsewhere. */
import { useSession } from '@/stores/session'

type Keys = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

const MAC: Record<string, string> = { Mod: '⌘', Ctrl: '⌃', Super: '⌘', Alt: '⌥', Shift: '⇧', Enter: '↩' }
const PLAIN: Record<string, string> = { Mod: 'Ctrl', Super: 'Super' }
const ARROWS: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→' }

export function isMac(): boolean {
  return useSession().state?.platform === 'macos'
}

/** Returns what stands on the keys. */
export function platformKeys(written: string): string[] {
  const names = { ...(isMac() ? MAC : PLAIN), ...ARROWS }
  return split(written).map((key) => names[key] ?? key)
}

/** Where a key lies that does not write the same on every keyboard. */
function placeOf(key: string): string | undefined {
  return /^\d$/.test(key) ? `Digit${key}` : /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key === ',' ? 'Comma' : undefined
}

/**
 * Tells whether the place of a key counts: where it writes another script, and in the row of digits,
 * which take Shift on some keyboards.
 */
function countsByPlace(key: string, written: string): boolean {
  return /^\d$/.test(key) ? !/^\d$/.test(written) : /^(?!\p{Script=Latin})\p{L}$/u.test(written)
}

/** Tells whether an event is of these keys, and no more than these. */
export function isPressed(written: string, event: Keys): boolean {
  const keys = split(written)
  const mac = isMac()
  const wanted = {
    ctrl: keys.includes('Ctrl') || (keys.includes('Mod') && !mac),
    meta: keys.includes('Mod') && mac,
    alt: keys.includes('Alt'),
    shift: keys.includes('Shift'),
  }
  const key = keys.at(-1) ?? ''
  const shiftFits = event.shiftKey === wanted.shift
  // What a key writes may need Shift on one keyboard and not on another.
  const isWritten =
    event.key.toLowerCase() === key.toLowerCase() && (shiftFits || (/^[^a-z]$/i.test(key) && !wanted.shift))
  const isPlaced = shiftFits && countsByPlace(key, event.key) && event.code === placeOf(key)
  return (
    (isWritten || isPlaced) &&
    event.ctrlKey === wanted.ctrl &&
    event.metaKey === wanted.meta &&
    event.altKey === wanted.alt
  )
}

/** What may be alone in a shortcut that counts in all programs. */
const ALONE = /^F([1-9]|1\d|2[0-4])$/

/**
 * Writes down what is pressed, for a shortcut that counts in all programs; nothing while only
 * modifiers are held, or where a key would be taken from all writing.
 */
export function writtenKeys(event: Keys): string | undefined {
  const key = keyName(event)
  if (key === undefined) {
    return undefined
  }
  const held = [event.ctrlKey && 'Ctrl', event.metaKey && 'Super', event.altKey && 'Alt', event.shiftKey && 'Shift'].filter(
    (one) => one !== false,
  )
  const enough = held.some((one) => one !== 'Shift') || ALONE.test(key)
  return enough ? [...held, key].join('+') : undefined
}

/** The key by its place: a shortcut must not change with the layout or with Shift. */
function keyName({ key, code }: Keys): string | undefined {
  const place = /^(?:Key([A-Z])|Digit(\d)|(F\d{1,2}|Space|Arrow\w+|Home|End|PageUp|PageDown|Insert))$/.exec(code)
  const found = place?.[1] ?? place?.[2] ?? place?.[3]
  return found ?? (ALONE.test(key) ? key : undefined)
}

function split(written: string): string[] {
  // A plus at the end is the key itself.
  return written.endsWith('++') ? [...written.slice(0, -2).split('+'), '+'] : written.split('+')
}
