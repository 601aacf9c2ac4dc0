/** How well a password withstands guessing. */
export type Strength = 'weak' | 'fair' | 'good' | 'strong'

/** Parts that guessing programs try first. */
const COMMON = [
  'password', 'passwort', 'qwerty', 'qwertz', 'azerty', 'asdf', 'zxcv', 'letmein', 'welcome', 'admin', 'iloveyou',
  'dragon', 'monkey', 'football', 'sunshine', 'princess', 'master', 'login', 'abc', '123', '000', '111', '666', '888',
  'woaini', '5201314', 'magpie', 'xique',
]

/**
 * Estimates how many guesses a password takes, from below: what is common, known, repeated or
 * counted up is worth one character, the rest by the alphabets that it uses.
 */
export function passwordStrength(password: string, known: string[] = []): Strength {
  const rest = shorten(password.toLowerCase(), known)
  const bits = rest.length * Math.log2(alphabet(password))
  if ([...password].length < 8 || bits < 36) {
    return 'weak'
  }
  return bits < 50 ? 'fair' : bits < 68 ? 'good' : 'strong'
}

function shorten(password: string, known: string[]): string[] {
  const words = [...known.map((word) => word.toLowerCase()).filter((word) => word.length > 2), ...COMMON]
  let text = password
  for (const word of words) {
    text = text.split(word).join('\u0001')
  }
  const chars = [...text]
  return chars.filter((char, i) => {
    const step = (char.codePointAt(0) ?? 0) - (chars[i - 1]?.codePointAt(0) ?? Number.NaN)
    return !(Math.abs(step) <= 1)
  })
}

function alphabet(password: string): number {
  const sizes: [RegExp, number][] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[\u0020-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e]/, 33],
    [/[^\u0020-\u007e]/, 500],
  ]
  return sizes.reduce((sum, [range, size]) => (range.test(password) ? sum + size : sum), 1)
}
