/** The emoji as lines of a grid, under headings. */
import type { MessageKey } from '@/i18n'
import { GROUPS, type Group } from './data'
import { searchEmoji, type Emoji } from './search'

export const COLUMNS = 9

/** A part of the panel; the search's results and the emoji used last are parts too. */
export type Part = 'recent' | 'found' | Group

export type Line =
  | { readonly key: string; readonly part: Part; readonly heading: MessageKey }
  | { readonly key: string; readonly part: Part; readonly emoji: readonly Emoji[] }

export const PART_NAMES: Record<Part, MessageKey> = {
  recent: 'chats.emoji.recent',
  found: 'chats.emoji.found',
  0: 'chats.emoji.group0',
  1: 'chats.emoji.group1',
  3: 'chats.emoji.group3',
  4: 'chats.emoji.group4',
  5: 'chats.emoji.group5',
  6: 'chats.emoji.group6',
  7: 'chats.emoji.group7',
  8: 'chats.emoji.group8',
  9: 'chats.emoji.group9',
}

/** What the panel shows: what was looked for, or else everything. */
export function toLines(all: readonly Emoji[], recent: readonly string[], query: string): Line[] {
  if (query.trim() !== '') {
    return part('found', searchEmoji(all, query))
  }
  return [
    ...part('recent', used(all, recent)),
    ...GROUPS.flatMap((group) => part(group, all.filter((emoji) => emoji.group === group))),
  ]
}

/** The emoji used last, in the skin tone in which they were used. */
function used(all: readonly Emoji[], recent: readonly string[]): Emoji[] {
  return recent.flatMap((unicode) => {
    const emoji = all.find((one) => one.unicode === unicode || one.tones.includes(unicode))
    return emoji === undefined ? [] : [{ ...emoji, unicode, tones: [] }]
  })
}

function part(name: Part, emoji: readonly Emoji[]): Line[] {
  if (emoji.length === 0) {
    return []
  }
  const lines: Line[] = [{ key: String(name), part: name, heading: PART_NAMES[name] }]
  for (let start = 0; start < emoji.length; start += COLUMNS) {
    lines.push({
      key: `${String(name)}/${String(start)}`,
      part: name,
      emoji: emoji.slice(start, start + COLUMNS),
    })
  }
  return lines
}
