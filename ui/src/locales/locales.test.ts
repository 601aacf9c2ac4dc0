import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { i18n } from '@/i18n'
import { en } from './en'
import { zhCN } from './zh-CN'

function flat(words: object, under = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'string' ? [[`${under}${key}`, value] as [string, string]] : flat(value as object, `${under}${key}.`),
  )
}

const gaps = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()

describe('the two languages', () => {
  const chinese = new Map(flat(zhCN))

  it('have the same keys', () => {
    expect([...chinese.keys()].sort()).toEqual(flat(en).map(([key]) => key).sort())
  })

  it.each(flat(en))('%s says something, with the same gaps', (key, text) => {
    const other = chinese.get(key) ?? ''
    expect(text.trim()).not.toBe('')
    expect(other.trim()).not.toBe('')
    expect(gaps(other)).toEqual(gaps(text))
  })

  // An `@` or a brace that is meant as such has to be written `{'@'}`.
  it.each(['en', 'zh-CN'] as const)('can be read by the library (%s)', (locale) => {
    for (const [key] of flat(en)) {
      expect(() => i18n.global.t(key, { n: 1 }, { locale }), key).not.toThrow()
    }
  })
})

describe('failures', () => {
  /** Reads the members of a union of texts from the generated bindings. */
  function members(name: string): string[] {
    const source = readFileSync('src/platform/bindings.ts', 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    const union = new RegExp(`export type ${name} =([^;]*)`).exec(source)?.[1] ?? ''
    return [...union.matchAll(/["'](\w+)["']/g)].map((match) => match[1] ?? '')
  }

  it.each(['LocalCode', 'ErrorCode'])('every %s has words in both languages', (name) => {
    const codes = members(name)
    expect(codes.length).toBeGreaterThan(10)
    for (const code of codes) {
      expect(en.failures).toHaveProperty(code)
      expect(zhCN.failures).toHaveProperty(code)
    }
  })
})
