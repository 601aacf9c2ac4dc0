import { createI18n } from 'vue-i18n'
import { en } from '@/locales/en'
import { zhCN } from '@/locales/zh-CN'
import type { Language } from '@/platform'
import type { MessageKey } from './keys'

export type { MessageKey } from './keys'

/** A language that the app speaks. */
export type Locale = 'en' | 'zh-CN'

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en, 'zh-CN': zhCN },
})

const { locale } = i18n.global

/** Chooses the language: the one that is set, or the system's where the app speaks it, or English. */
export function setLanguage(language: Language, system: string | null): void {
  const wanted = language === 'system' ? (system ?? navigator.language) : language
  locale.value = wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
  document.documentElement.lang = locale.value
}

/** What fills the gaps of a text; `n` also chooses between singular and plural. */
export type Gaps = Record<string, string | number>

/** Returns a text in the app's language. Reactive: it changes with the language. */
export function t(key: MessageKey, gaps: Gaps = {}): string {
  return typeof gaps.n === 'number' ? i18n.global.t(key, gaps, gaps.n) : i18n.global.t(key, gaps)
}

/** Returns the app's language. Reactive. */
export function currentLocale(): Locale {
  return locale.value
}
