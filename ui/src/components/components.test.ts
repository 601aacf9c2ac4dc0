import { describe, expect, it } from 'vitest'
import { AVATAR_COLOURS, avatarColour, initials } from './avatar'
import { passwordStrength } from './passwordStrength'

describe('avatars', () => {
  it('take the first letters of Latin names and one sign of others', () => {
    expect(initials('Alice Zhang')).toBe('AZ')
    expect(initials('  bob  ')).toBe('B')
    expect(initials('李明')).toBe('李')
    expect(initials('Zoë 🌿')).toBe('Z')
    expect(initials('👩‍👩‍👧 家')).toBe('👩‍👩‍👧')
    expect(initials('')).toBe('?')
  })

  it('keep their colour, and use all colours', () => {
    const many = Array.from({ length: 300 }, (_, i) => avatarColour(10_000 + i))
    expect(many[7]).toBe(avatarColour(10_007))
    expect(new Set(many).size).toBe(AVATAR_COLOURS)
    expect(avatarColour(Number.MAX_SAFE_INTEGER)).toBeLessThan(AVATAR_COLOURS)
  })
})

describe('password strength', () => {
  it.each(['', 'short1!', 'password123', 'aaaaaaaaaaaa', '12345678', 'abcdefghij', 'woaini5201314'])('%s is weak', (text) => {
    expect(passwordStrength(text)).toBe('weak')
  })

  it('does not count what is known of the person', () => {
    expect(passwordStrength('wanglei-wanglei', ['wanglei'])).toBe('weak')
  })

  it('grows with length and alphabets', () => {
    expect(passwordStrength('correct horse battery')).toBe('strong')
    expect(passwordStrength('xk7Qm2vR')).not.toBe('weak')
  })
})
