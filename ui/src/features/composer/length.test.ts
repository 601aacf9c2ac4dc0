import { describe, expect, it } from 'vitest'

import { charactersLeft, lengthOf, toSend } from './length'

describe('the length of a text', () => {
  it('counts code points, as the server does', () => {
    expect(lengthOf('喜鹊👋🏽')).toBe(4)
  })

  it('is told near the limit only, and below zero past it', () => {
    expect(charactersLeft('字'.repeat(7_799))).toBeUndefined()
    expect(charactersLeft('字'.repeat(7_800))).toBe(200)
    expect(charactersLeft('👋'.repeat(7_799))).toBeUndefined()
    expect(charactersLeft('👋'.repeat(8_001))).toBe(-1)
  })
})

describe('what is sent', () => {
  it('has no blank lines around it, and is nothing where it is blank or too long', () => {
    expect(toSend('\n  hi\n there \n\n')).toBe('hi\n there')
    expect(toSend(' \n\t')).toBeUndefined()
    expect(toSend('字'.repeat(8_000))).toHaveLength(8_000)
    expect(toSend('字'.repeat(8_001))).toBeUndefined()
  })
})
