import { describe, expect, it } from 'vitest'
import { loadEmoji } from './data'
import { COLUMNS, toLines } from './lines'

const all = await loadEmoji('en')

describe('the lines of the panel', () => {
  it('hold every emoji once, nine to a line, each group under its heading', () => {
    const lines = toLines(all, [], '')
    const shown = lines.flatMap((line) => ('emoji' in line ? line.emoji : []))
    expect(shown).toHaveLength(all.length)
    expect(lines.every((line) => !('emoji' in line) || line.emoji.length <= COLUMNS)).toBe(true)
    expect(lines.filter((line) => 'heading' in line)).toHaveLength(9)
    expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length)
  })

  it('begin with those used last, in their skin tone', () => {
    const [heading, first] = toLines(all, ['👋🏿', '🚀', 'gone'], '')
    expect(heading).toMatchObject({ part: 'recent', heading: 'chats.emoji.recent' })
    expect(first && 'emoji' in first && first.emoji.map(({ unicode }) => unicode)).toEqual(['👋🏿', '🚀'])
  })

  it('are the found ones alone while something is looked for', () => {
    const lines = toLines(all, ['🚀'], 'rocket')
    expect(new Set(lines.map(({ part }) => part))).toEqual(new Set(['found']))
    expect(toLines(all, [], 'no such thing')).toEqual([])
  })
})
