/** How many colours avatars have. */
export const AVATAR_COLOURS = 10

/** Returns a person's colour: the same for the same number, and not neighbours for neighbours. */
export function avatarColour(seed: number): number {
  // Multiplicative hashing (Knuth, 6.4): numbers given one after the other land far apart.
  const mixed = Math.imul(seed % 0x1_0000_0000, 0x9e37_79b1) >>> 0
  return (mixed >>> 16) % AVATAR_COLOURS
}

/** Returns one or two letters of a name; one for scripts that write words in one sign. */
export function initials(name: string): string {
  const words = name
    .split(/\s+/u)
    .map(firstSign)
    .filter((sign) => sign !== undefined)
  const [first = '?', ...others] = words
  if (!/^\p{Script=Latin}|^\p{Script=Cyrillic}|^\p{Script=Greek}/u.test(first)) {
    return first
  }
  const last = others.findLast((sign) => /^\p{L}/u.test(sign)) ?? ''
  return (first + last).toLocaleUpperCase()
}

/** Made when first needed, and once: making one is slow, and a list has many names. */
let segmenter: Intl.Segmenter | undefined

function firstSign(word: string): string | undefined {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  for (const { segment } of segmenter.segment(word)) {
    if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(segment)) {
      return segment
    }
  }
  return undefined
}
