import { describe, expect, it } from 'vitest'
import { emailRule, nicknameRule, passwordRule, usernameHopeless, usernameRule } from './rules'

// The cases are those of the protocol's own tests for names.
describe('user names', () => {
  it('take what the server takes', () => {
    expect(usernameRule('Ming.Li-2')).toBeUndefined()
    for (const bad of ['', 'ab', '12345', '李明明', 'a b c', 'a@b', 'a'.repeat(33), 'ab\u200Bc']) {
      expect(usernameRule(bad), bad).toBeDefined()
    }
  })

  it('are hopeless only where typing on does not help', () => {
    expect(usernameHopeless('a')).toBe(false)
    expect(usernameHopeless('李')).toBe(true)
  })
})

describe('nicknames', () => {
  it('take any script but nothing hidden', () => {
    for (const good of ['李明', 'Zoë', '👩‍👩‍👧 家', 'می\u200Cخواهم', '字'.repeat(64), '  李明 ']) {
      expect(nicknameRule(good), good).toBeUndefined()
    }
    for (const bad of ['', '   ', 'a\u202Eb', 'a\u200Bb', '\u200D', 'a\nb', '字'.repeat(65)]) {
      expect(nicknameRule(bad), JSON.stringify(bad)).toBeDefined()
    }
  })
})

describe('e-mail addresses', () => {
  it('have the shape of one, or are left out', () => {
    for (const good of ['', ' Ming@Example.COM ', 'a+b@x.y.org', '李@例子.中国']) {
      expect(emailRule(good), good).toBeUndefined()
    }
    for (const bad of ['a', 'a@', '@b.c', 'a@b', 'a b@c.d', 'a@-b.c', 'a@b..c', 'a@@b.c']) {
      expect(emailRule(bad), bad).toBeDefined()
    }
  })
})

describe('passwords', () => {
  it('have 8 to 128 characters', () => {
    expect(passwordRule('1234567')).toBe('failures.password_length')
    expect(passwordRule('喜'.repeat(8))).toBeUndefined()
    expect(passwordRule('😀'.repeat(128))).toBeUndefined()
    expect(passwordRule('x'.repeat(129))).toBe('failures.password_length')
  })
})
