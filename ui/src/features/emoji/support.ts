/** Which emoji the system's font can draw: those of newer Unicode versions it may not know. */

/** A code point that no version of Unicode assigns: what is drawn for it is the font's "unknown". */
const UNASSIGNED = '\u{1FBFE}'

export type Measure = (text: string) => number

/** Returns a check; where nothing can be measured, everything counts as drawable. */
export function drawable(measure: Measure | undefined = canvasMeasure()): (emoji: string) => boolean {
  const usual = measure?.('😀') ?? 0
  if (measure === undefined || usual === 0) {
    return () => true
  }
  const unknown = measure(UNASSIGNED)
  return (emoji) => {
    const width = measure(emoji)
    // A sequence that the font does not know falls apart into its members.
    const whole = width < usual * 1.5
    const known = unknown === usual || width !== unknown
    return whole && known
  }
}

function canvasMeasure(): Measure | undefined {
  const context = document.createElement('canvas').getContext('2d')
  if (context === null) {
    return undefined
  }
  context.font = `24px ${getComputedStyle(document.body).fontFamily || 'sans-serif'}`
  return (text) => context.measureText(text).width
}
