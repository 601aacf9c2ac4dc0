/** The length of a text as the server counts it: in code points. */

export const TEXT_CHARS = 8_000

/** From how many characters before the limit on the counter is shown. */
const NEAR = 200

export function lengthOf(text: string): number {
  let length = 0
  for (const character of text) {
    length += character === '' ? 0 : 1
  }
  return length
}

/** How many characters are left, where that is worth saying; negative when there are too many. */
export function charactersLeft(text: string): number | undefined {
  // A code point takes at most two units, so most texts need not be counted.
  if (text.length < TEXT_CHARS - NEAR) {
    return undefined
  }
  const left = TEXT_CHARS - lengthOf(text)
  return left <= NEAR ? left : undefined
}

/** What is sent of what was written: nothing that is blank, and no blank lines around it. */
export function toSend(written: string): string | undefined {
  const text = written.replaceAll('\0', '').trim()
  return text === '' || lengthOf(text) > TEXT_CHARS ? undefined : text
}
