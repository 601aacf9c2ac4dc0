import { setLanguage } from '@/i18n'
import type { Settings } from '@/platform'

/** Lets the whole page look as the settings say. */
export function applyLook(settings: Settings, systemLanguage: string | null): void {
  setLanguage(settings.language, systemLanguage)
  const { dataset, style } = document.documentElement
  dataset.density = settings.density
  if (settings.theme === 'system') {
    delete dataset.theme
  } else {
    dataset.theme = settings.theme
  }
  style.setProperty('--font-scale', String(settings.font_size / 100))
}
