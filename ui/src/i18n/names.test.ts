import { describe, expect, it } from 'vitest'
import { namesMatch } from './names'

describe('a name', () => {
  const zhang = { names: ['张伟', 'david.z', '10020'], spelling: 'zhang wei' }

  it.each(['张', '伟', 'zhang', 'zhangwei', 'zhang wei', 'Zhangw', 'zw', 'zhw', 'wei', "zhang'wei", 'DAVID', '100', ''])('is found by: %s', (query) => {
    expect(namesMatch(zhang, query)).toBeGreaterThan(0)
  })

  it.each(['zhangs', 'wz', 'hang', 'wang', 'ei', '王'])('is not found by: %s', (query) => {
    expect(namesMatch(zhang, query)).toBe(0)
  })

  it('that begins so comes before one that is spoken so, and that before one that holds it', () => {
    const queries = ['david', 'zhang', 'wei', 'avid'].map((query) => namesMatch(zhang, query))
    expect(queries).toEqual([4, 3, 2, 1])
  })

  it('without anything Chinese is found by its letters alone', () => {
    expect(namesMatch({ names: ['Anna Wang'], spelling: '' }, 'aw')).toBe(0)
    expect(namesMatch({ names: ['Anna Wang'], spelling: '' }, 'wa')).toBe(3)
  })
})
