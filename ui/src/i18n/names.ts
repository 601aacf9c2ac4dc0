/** Finding people and chats by what they are called, Chinese names also by how they are spoken. */
import type { User } from '@/platform'

/** What somebody is found by. */
export interface Named {
  /** The shown name first. */
  readonly names: readonly string[]
  /** The shown name in pinyin, syllables with spaces between; empty where nothing of it is Chinese. */
  readonly spelling: string
}

/** Returns all that a person is called, the shown name first. */
export function namesOf(shown: string, user: User | null): string[] {
  return user === null ? [shown] : [shown, user.nickname, user.username, String(user.id)]
}

/**
 * Tells how well what is looked for fits, 0 for not at all: names that begin so, then words that do or
 * how a name is spoken from its start, then how it is spoken from a later syllable, then anything that
 * holds it. An empty query fits everybody.
 */
export function namesMatch({ names, spelling }: Named, query: string): number {
  const wanted = query.trim().toLowerCase()
  return Math.max(...names.map((name) => nameMatch(name.toLowerCase(), wanted)), spellingMatch(spelling, wanted))
}

function nameMatch(name: string, wanted: string): number {
  if (name.startsWith(wanted)) {
    return 4
  }
  if (name.split(/[\s._-]+/u).some((word) => word.startsWith(wanted))) {
    return 3
  }
  return name.includes(wanted) ? 1 : 0
}

function spellingMatch(spelling: string, wanted: string): number {
  const syllables = spelling === '' ? [] : spelling.split(' ')
  const letters = wanted.replace(/[\s']+/gu, '')
  const from = syllables.findIndex((_, i) => isSpoken(syllables.slice(i), letters))
  return from < 0 ? 0 : from === 0 ? 3 : 2
}

/** Tells whether letters are the beginnings of syllables, one after the other: `zhangw` and `zw` for `zhang wei`. */
function isSpoken([first = '', ...rest]: readonly string[], letters: string): boolean {
  if (letters === '') {
    return true
  }
  for (let length = 1; length <= first.length && letters.startsWith(first.slice(0, length)); length += 1) {
    if (isSpoken(rest, letters.slice(length))) {
      return true
    }
  }
  return false
}
