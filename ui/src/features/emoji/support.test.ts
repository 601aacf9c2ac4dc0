import { describe, expect, it } from 'vitest'
import { drawable } from './support'

const WIDTHS: Record<string, number> = { '😀': 28, '🚀': 28, '🫩': 14, '\u{1FBFE}': 14, '👩‍🚀': 28, '🧑‍🧑‍🧒': 84 }
const measure = (text: string): number => WIDTHS[text] ?? 0

describe('what the font can draw', () => {
  it('leaves out what it does not know, and sequences that fall apart', () => {
    const check = drawable(measure)
    expect(['🚀', '👩‍🚀', '🫩', '🧑‍🧑‍🧒'].map(check)).toEqual([true, true, false, false])
  })

  it('leaves nothing out where the unknown is as wide as an emoji, or nothing can be measured', () => {
    expect(drawable((text) => (text === '🚀' ? 28 : measure('😀')))('🚀')).toBe(true)
    expect(drawable(() => 0)('🫩')).toBe(true)
  })
})
