/** Finding emoji by English and Chinese words. */

export interface Emoji {
  /** The emoji without a skin tone; its identity. */
  readonly unicode: string
  /** Its name in the app's language. */
  readonly label: string
  readonly group: number
  /** The five of one skin tone each, light to dark; empty where there are none. */
  readonly tones: readonly string[]
  /** Names and tags of both languages, in lower case. */
  readonly words: readonly string[]
}

/**
 * Returns the emoji that fit every word of the query, best first: those whose name begins with it,
 * then those with a word that does, then those that have it anywhere.
 */
export function searchEmoji(all: readonly Emoji[], query: string): Emoji[] {
  const wanted = query.toLowerCase().trim().split(/\s+/u).filter(Boolean)
  if (wanted.length === 0) {
    return []
  }
  return all
    .map((emoji) => ({ emoji, rank: rankOf(emoji, wanted) }))
    .filter(({ rank }) => rank !== NONE)
    .sort((a, b) => a.rank - b.rank)
    .map(({ emoji }) => emoji)
}

/** The emoji in a skin tone: 0 for none, 1 (light) to 5 (dark). */
export function inTone(emoji: Emoji, tone: number): string {
  return emoji.tones[tone - 1] ?? emoji.unicode
}

/** Puts an emoji first among those used last. */
export function withRecent(recent: readonly string[], emoji: string): string[] {
  return [emoji, ...recent.filter((other) => other !== emoji)].slice(0, RECENT)
}

const RECENT = 32
const NONE = Number.POSITIVE_INFINITY

function rankOf(emoji: Emoji, wanted: readonly string[]): number {
  let rank = 0
  for (const word of wanted) {
    rank += rankOfWord(emoji, word)
  }
  return rank
}

function rankOfWord(emoji: Emoji, wanted: string): number {
  if (emoji.unicode === wanted) {
    return 0
  }
  let best = NONE
  for (const [index, word] of emoji.words.entries()) {
    // The first two are the names.
    const name = index < 2
    if (word === wanted) {
      best = Math.min(best, name ? 0 : 1)
    } else if (word.startsWith(wanted)) {
      best = Math.min(best, name ? 1 : 2)
    } else if (word.includes(wanted)) {
      best = Math.min(best, name ? 3 : 4)
    }
  }
  return best
}
