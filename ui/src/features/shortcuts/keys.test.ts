import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { isPressed } from './keys'

beforeEach(() => setActivePinia(createPinia()))

function pressed(written: string, key: string, code: string, shiftKey = false): boolean {
  return isPressed(written, { key, code, ctrlKey: true, metaKey: false, altKey: false, shiftKey })
}

describe('keys', () => {
  it.each([
    ['English', 'Mod+1', '1', 'Digit1', false],
    ['French', 'Mod+1', '&', 'Digit1', false],
    ['French, with Shift', 'Mod+1', '1', 'Digit1', true],
    ['French, the zero', 'Mod+0', 'à', 'Digit0', false],
    ['Russian', 'Mod+K', 'л', 'KeyK', false],
    ['Russian, with Shift', 'Mod+Shift+L', 'Д', 'KeyL', true],
    ['Russian, the comma', 'Mod+,', 'б', 'Comma', false],
    ['German, the slash', 'Mod+/', '/', 'Digit7', true],
  ])('are found on a keyboard: %s', (_, written, key, code, shift) => {
    expect(pressed(written, key, code, shift)).toBe(true)
  })

  it.each([
    ['more than these', 'Mod+1', '!', 'Digit1', true],
    ['another letter of a Latin keyboard', 'Mod+K', 't', 'KeyK', false],
    ['another digit', 'Mod+1', '2', 'Digit1', false],
    ['less than these', 'Mod+Shift+L', 'д', 'KeyL', false],
  ])('are not: %s', (_, written, key, code, shift) => {
    expect(pressed(written, key, code, shift)).toBe(false)
  })
})
