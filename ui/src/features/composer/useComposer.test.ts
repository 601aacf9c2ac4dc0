import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { usePlatform } from '@/platform'
import { createFake, type Fake } from '@/platform/fake'
import { useComposer, type Composer } from './useComposer'

let fake: Fake
let scope: EffectScope
let id: number
const send = vi.fn((_text: string) => Promise.resolve())
const show = vi.fn((_text: string) => undefined)

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  fake = createFake()
  usePlatform(fake)
  id = fake.world.chats[0]?.id ?? 0
  scope = effectScope()
  send.mockReset().mockResolvedValue(undefined)
  show.mockReset()
})

afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function composer(kept: string | null = null): Composer {
  const made = scope.run(() => useComposer(id, kept, send, show))
  if (made === undefined) {
    throw new Error('the scope is gone')
  }
  return made
}

const draft = (): string | null => fake.world.chat(id).draft

describe('a draft', () => {
  it('is kept when writing pauses, not with every key', async () => {
    const setDraft = vi.spyOn(fake, 'setDraft')
    const { change } = composer()
    change('h')
    change('he')
    change('hello')
    expect(setDraft).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(setDraft.mock.calls).toEqual([[id, 'hello']])
    expect(draft()).toBe('hello')
  })

  it('is kept at once when the conversation is left, and is there on return', async () => {
    composer().change('half a sent')
    scope.stop()
    scope = effectScope()
    // Before the platform has it.
    expect(composer(null).text.value).toBe('half a sent')
    await vi.advanceTimersByTimeAsync(0)
    expect(draft()).toBe('half a sent')
    scope.stop()
    scope = effectScope()
    expect(composer('half a sent').text.value).toBe('half a sent')
  })

  it('is gone once the text is sent', async () => {
    const { change, submit, text } = composer()
    change(' hello \n')
    await vi.advanceTimersByTimeAsync(1_000)
    await submit()
    expect(send.mock.calls).toEqual([['hello']])
    expect(text.value).toBe('')
    expect(show).toHaveBeenLastCalledWith('')
    await flushPromises()
    expect(draft()).toBeNull()
  })
})

describe('sending', () => {
  it('gives the text back, with the reason, where it could not be kept', async () => {
    send.mockRejectedValue({ code: 'disk_full', message: '', retry_after_ms: null })
    const { change, submit, text, failure } = composer()
    change('precious')
    await submit()
    expect(failure.value?.code).toBe('disk_full')
    expect(text.value).toBe('precious')
    expect(show).toHaveBeenLastCalledWith('precious')
  })

  it('does nothing with blank or too long texts, and counts near the limit', async () => {
    const { change, submit, sendable, left } = composer()
    change(' \n ')
    await submit()
    change('字'.repeat(8_001))
    await submit()
    expect(sendable.value).toBe(false)
    expect(left.value).toBe(-1)
    expect(send).not.toHaveBeenCalled()
  })
})
