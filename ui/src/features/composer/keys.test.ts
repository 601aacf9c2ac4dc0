import { describe, expect, it } from 'vitest'

import { meaningOf } from './keys'

const enter = { key: 'Enter', shiftKey: false, ctrlKey: false, metaKey: false, isComposing: false, keyCode: 13 }

describe('Enter', () => {
  it('sends, and breaks the line with Shift', () => {
    expect(meaningOf(enter)).toBe('send')
    expect(meaningOf({ ...enter, shiftKey: true })).toBe('break')
    expect(meaningOf({ ...enter, key: 'a' })).toBe('leave')
  })

  it('can break the line, and then sends with Ctrl or Cmd', () => {
    expect(meaningOf(enter, 'breaks_line')).toBe('break')
    expect(meaningOf({ ...enter, ctrlKey: true }, 'breaks_line')).toBe('send')
    expect(meaningOf({ ...enter, metaKey: true }, 'breaks_line')).toBe('send')
    expect(meaningOf({ ...enter, ctrlKey: true, isComposing: true }, 'breaks_line')).toBe('leave')
  })

  it('belongs to the input method while it composes', () => {
    expect(meaningOf({ ...enter, isComposing: true })).toBe('leave')
    // WebKit: the composition has ended already when the key comes.
    expect(meaningOf({ ...enter, keyCode: 229 })).toBe('leave')
    expect(meaningOf({ ...enter, keyCode: 229, shiftKey: true })).toBe('leave')
  })
})
