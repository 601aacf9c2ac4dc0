/** The emoji, read when the panel is opened for the first time. */
import type { Emoji } from './search'

/** The groups of Unicode that are shown, in order; components (2) are not emoji by themselves. */
export const GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const

export type Group = (typeof GROUPS)[number]

/** What is used of the shape that the data has. */
export interface SourceEmoji {
  readonly hexcode: string
  readonly unicode: string
  readonly label: string
  readonly group?: number
  readonly order?: number
  readonly tags?: readonly string[]
  readonly skins?: readonly SourceEmoji[]
}

let loaded: Promise<Record<'en' | 'zh', Emoji[]>> | undefined

/** Returns all emoji in the order of Unicode, named in the given language. */
export async function loadEmoji(locale: string): Promise<readonly Emoji[]> {
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined
    throw error
  })
  const both = await loaded
  return locale.startsWith('zh') ? both.zh : both.en
}

async function load(): Promise<Record<'en' | 'zh', Emoji[]>> {
  const [en, zh] = await Promise.all([
    import('emojibase-data/en/compact.json'),
    import('emojibase-data/zh/compact.json'),
  ])
  return { en: toEmoji(en.default, zh.default), zh: toEmoji(zh.default, en.default) }
}

/** Makes the list from the data of the app's language and of the other one. */
export function toEmoji(own: readonly SourceEmoji[], other: readonly SourceEmoji[]): Emoji[] {
  const others = new Map(other.map((emoji) => [emoji.hexcode, emoji]))
  return own
    .filter((emoji) => emoji.group !== undefined && emoji.group !== COMPONENT)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((emoji) => ({
      unicode: plain(emoji.unicode),
      label: emoji.label,
      group: emoji.group ?? 0,
      tones: tonesOf(emoji),
      words: wordsOf(emoji, others.get(emoji.hexcode)),
    }))
}

/** Without the selector of emoji style where the character has that style by itself. */
function plain(unicode: string): string {
  return unicode.replace(/^(\p{Emoji_Presentation})\uFE0F$/u, '$1')
}

const COMPONENT = 2
const TONES = ['1F3FB', '1F3FC', '1F3FD', '1F3FE', '1F3FF']

function tonesOf(emoji: SourceEmoji): string[] {
  const skins = emoji.skins ?? []
  const tones = TONES.map((tone) => {
    const others = TONES.filter((other) => other !== tone)
    return skins.find(
      ({ hexcode }) => hexcode.includes(tone) && !others.some((other) => hexcode.includes(other)),
    )?.unicode
  })
  return tones.filter((tone) => tone !== undefined)
}

function wordsOf(...emoji: (SourceEmoji | undefined)[]): string[] {
  const names = emoji.map((named) => named?.label ?? '')
  const tags = emoji.flatMap((tagged) => tagged?.tags ?? [])
  return [...names, ...tags].map((word) => word.toLowerCase())
}
