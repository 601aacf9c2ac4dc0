import type { MessageKey } from '@/i18n'

/** What is wrong with a field, if anything. */
export type Rule = (text: string) => MessageKey | undefined

/** Control, bidirectional and invisible characters: the same as in the protocol's rules for names. */
const DECEPTIVE =
  /[\p{Cc}\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB]|\u034F|\u17B4|\u17B5|^[\u200C\u200D]|[\u200C\u200D]$/u

/** See the protocol's rules for user names. */
export const usernameRule: Rule = (text) => {
  if (text === '') {
    return 'start.required'
  }
  return /^[a-z0-9_.-]{3,32}$/i.test(text) && !/^\d+$/.test(text) ? undefined : 'failures.invalid_username'
}

/** Tells whether a user name is wrong in a way that typing on does not mend. */
export function usernameHopeless(text: string): boolean {
  return !/^[a-z0-9_.-]{0,32}$/i.test(text)
}

/** See the protocol's rules for nicknames. */
export const nicknameRule: Rule = (text) => {
  const name = text.trim()
  if (name === '') {
    return 'start.required'
  }
  return [...name].length <= 64 && !DECEPTIVE.test(name) ? undefined : 'failures.invalid_nickname'
}

/** See the protocol's rules for e-mail addresses; none at all is fine. */
export const emailRule: Rule = (text) => {
  const address = text.trim()
  const at = address.lastIndexOf('@')
  const [local, domain] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1)]
  const labels = domain.split('.')
  const fits =
    new TextEncoder().encode(address).length <= 254 &&
    /^[^\s@\p{Cc}]{1,64}$/u.test(local) &&
    !DECEPTIVE.test(address) &&
    labels.length > 1 &&
    labels.every((label) => /^(?!-)[\p{L}\p{N}-]{1,63}$/u.test(label) && !label.endsWith('-'))
  return address === '' || fits ? undefined : 'failures.invalid_email'
}

/** 8 to 128 characters. */
export const passwordRule: Rule = (text) => {
  if (text === '') {
    return 'start.required'
  }
  const { length } = [...text.normalize('NFC')]
  return length >= 8 && length <= 128 ? undefined : 'failures.password_length'
}
