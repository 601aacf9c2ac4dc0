/** Makes the emoji's data small: one module with what the panel shows and searches, in both languages. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

/** What is used of the shape that the data has. */
interface SourceEmoji {
  readonly hexcode: string
  readonly unicode: string
  readonly label: string
  readonly group?: number
  readonly order?: number
  readonly tags?: readonly string[]
  readonly skins?: readonly SourceEmoji[]
}

const NAME = 'virtual:emoji'
const COMPONENT = 2
const LIGHTEST = '1F3FB'
const OTHER_TONES = ['1F3FC', '1F3FD', '1F3FE', '1F3FF']

/** Serves {@link NAME}; `src/env.d.ts` says what it holds. */
export function emojiData(): Plugin {
  return {
    name: 'emoji-data',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? moduleText() : undefined),
  }
}

function moduleText(): string {
  const licence = read('LICENSE').trim()
  const json = JSON.stringify(rows(readList('en'), readList('zh')))
  // A text is read several times faster by JSON.parse than by the parser of scripts.
  return `/*! emojibase-data\n\n${licence}\n*/\nexport default JSON.parse(${JSON.stringify(json)})`
}

/** Returns the shown emoji in the order of Unicode. */
function rows(en: SourceEmoji[], zh: SourceEmoji[]): unknown[][] {
  const chinese = new Map(zh.map((emoji) => [emoji.hexcode, emoji]))
  return en
    .filter(({ group }) => group !== undefined && group !== COMPONENT)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((emoji) => {
      const other = chinese.get(emoji.hexcode)
      return [
        plain(emoji.unicode), emoji.group, lightest(emoji),
        emoji.label, tagsOf(emoji), other?.label ?? emoji.label, tagsOf(other),
      ]
    })
}

/** Without the selector of emoji style where the character has that style by itself. */
function plain(unicode: string): string {
  return unicode.replace(/^(\p{Emoji_Presentation})\uFE0F$/u, '$1')
}

/** The form of the lightest skin alone; those of the other tones differ from it by the tone only. */
function lightest({ skins = [] }: SourceEmoji): string {
  const found = skins.find(
    ({ hexcode }) => hexcode.includes(LIGHTEST) && !OTHER_TONES.some((other) => hexcode.includes(other)),
  )
  return found?.unicode ?? ''
}

function tagsOf(emoji: SourceEmoji | undefined): string {
  return (emoji?.tags ?? []).join('|').toLowerCase()
}

function readList(language: string): SourceEmoji[] {
  return JSON.parse(read(`${language}/compact.json`)) as SourceEmoji[]
}

function read(file: string): string {
  return readFileSync(fileURLToPath(import.meta.resolve(`emojibase-data/${file}`)), 'utf8')
}
