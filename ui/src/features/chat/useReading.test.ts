import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { marks } from './messages.fixture'
import { useReading, type Reading } from './useReading'

let scope: EffectScope
const focused = ref(true)
const told = ref(marks({ last_seq: 9, read_seq: 5, unread: 4 }))
const markRead = vi.fn((_seq: number) => Promise.resolve())

function reading(): Reading {
  const made = scope.run(() => useReading(focused, told, markRead))
  if (made === undefined) {
    throw new Error('the scope is gone')
  }
  return made
}

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
  focused.value = true
  told.value = marks({ last_seq: 9, read_seq: 5, unread: 4 })
  markRead.mockClear()
})

afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('reading', () => {
  it('is said once for what was seen together', () => {
    const { see } = reading()
    see(6)
    see(8)
    see(7)
    vi.runAllTimers()
    expect(markRead.mock.calls).toEqual([[8]])
  })

  it('waits for somebody to look', async () => {
    focused.value = false
    const { see } = reading()
    see(8)
    vi.runAllTimers()
    expect(markRead).not.toHaveBeenCalled()
    focused.value = true
    await nextTick()
    vi.runAllTimers()
    expect(markRead.mock.calls).toEqual([[8]])
  })

  it('says nothing of what was read before, or where nothing is unread', () => {
    const { see } = reading()
    see(5)
    vi.runAllTimers()
    told.value = marks({ last_seq: 9, read_seq: 5, unread: 0 })
    see(9)
    vi.runAllTimers()
    expect(markRead).not.toHaveBeenCalled()
  })
})
