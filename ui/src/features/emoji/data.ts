/** The emoji, read when the panel is opened for the first time. */
import type { EmojiRow } from 'virtual:emoji'
import type { Emoji } from './search'

/** The groups of Unicode that are shown, in order; components (2) are not emoji by themselves. */
export const GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const

export type Group = (typeof GROUPS)[number]

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
  const { default: rows } = await import('virtual:emoji')
  return { en: rows.map((row) => toEmoji(row, 'en')), zh: rows.map((row) => toEmoji(row, 'zh')) }
}

function toEmoji(row: EmojiRow, language: 'en' | 'zh'): Emoji {
  const [unicode, group, lightest, ...words] = row
  const [name, tags, otherName, otherTags] =
    language === 'en' ? words : ([words[2], words[3], words[0], words[1]] as const)
  return {
    unicode,
    label: name,
    group,
    tones: tonesOf(lightest),
    words: [name.toLowerCase(), otherName.toLowerCase(), ...split(tags), ...split(otherTags)],
  }
}

const TONES = ['\u{1F3FB}', '\u{1F3FC}', '\u{1F3FD}', '\u{1F3FE}', '\u{1F3FF}'] as const

function tonesOf(lightest: string): string[] {
  return lightest === '' ? [] : TONES.map((tone) => lightest.replaceAll(TONES[0], tone))
}

function split(tags: string): string[] {
  return tags === '' ? [] : tags.split('|')
}
