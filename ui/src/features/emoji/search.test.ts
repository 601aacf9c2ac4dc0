import { describe, expect, it } from 'vitest'

import { GROUPS, loadEmoji } from './data'
import { inTone, searchEmoji, withRecent } from './search'

const en = await loadEmoji('en')
const zh = await loadEmoji('zh-CN')
const found = (query: string, all = en): string[] =>
  searchEmoji(all, query).map(({ unicode }) => unicode)

describe('searching', () => {
  it.each(['cat', '猫'])('finds a cat by %s in either language', (query) => {
    expect(found(query)).toContain('🐱')
    expect(found(query, zh)).toContain('🐱')
  })

  it('puts names before tags, and whole words first', () => {
    expect(found('dog')[0]).toBe('🐕')
    expect(found('rocket')[0]).toBe('🚀')
    expect(found('火箭', zh)[0]).toBe('🚀')
  })

  it('wants every word, in whatever case and order', () => {
    expect(found('HEART red')).toContain('❤️')
    expect(found('red heart')).not.toContain('💚')
    expect(found('no such thing at all')).toEqual([])
    expect(found('  ')).toEqual([])
  })

  it('finds an emoji by itself', () => {
    expect(found('🚀')).toEqual(['🚀'])
  })
})

describe('the emoji', () => {
  it("are named in the app's language and all stand in a shown group", () => {
    expect(en.find(({ unicode }) => unicode === '🚀')?.label).toBe('rocket')
    expect(zh.find(({ unicode }) => unicode === '🚀')?.label).toBe('火箭')
    expect(en.every(({ group }) => GROUPS.some((shown) => shown === group))).toBe(true)
    expect(en.length).toBeGreaterThan(1_800)
  })

  it('have skin tones where people have skin', () => {
    const wave = en.find(({ unicode }) => unicode === '👋')
    const rocket = en.find(({ unicode }) => unicode === '🚀')
    expect([0, 1, 5].map((tone) => wave && inTone(wave, tone))).toEqual(['👋', '👋🏻', '👋🏿'])
    expect(rocket && inTone(rocket, 3)).toBe('🚀')
    expect(en.filter(({ tones }) => tones.length > 0 && tones.length !== 5)).toEqual([])
  })
})

describe('the emoji used last', () => {
  it('have the latest first, each once, and 32 at most', () => {
    expect(withRecent(['a', 'b', 'c'], 'b')).toEqual(['b', 'a', 'c'])
    const many = Array.from({ length: 32 }, (_, index) => String(index))
    expect(withRecent(many, 'new')).toHaveLength(32)
    expect(withRecent(many, 'new')[0]).toBe('new')
  })
})
