import { t } from '@/i18n'
import type { Relation } from '@/platform'

/** Says in a word or two what somebody is to me. */
export function relationNote({ relation }: Relation): string {
  switch (relation) {
    case 'friend':
      return t('contacts.isFriend')
    case 'myself':
      return t('contacts.myself')
    case 'asked':
      return t('contacts.statePending')
    case 'asks':
      return t('contacts.asksShort')
    case 'stranger':
      return ''
  }
}
