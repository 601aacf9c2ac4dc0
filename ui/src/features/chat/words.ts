/** Messages in words, in the app's language. */
import { t } from '@/i18n'
import type { Body, SystemEvent } from '@/platform'

/** Words a message in one text. */
export function bodyText(body: Body, name: string, me: number | undefined): string {
  switch (body.kind) {
    case 'text':
      return body.text
    case 'system':
      return systemText(body, name, me)
    case 'unsupported':
      return t('chats.conversations.unsupported')
  }
}

/** Words what happened. */
export function systemText(event: SystemEvent, name: string, me: number | undefined): string {
  if (event.event === 'befriended') {
    return t(event.requester === me ? 'chats.chat.theyAccepted' : 'chats.chat.youAccepted', { name })
  }
  return t('chats.chat.unknownEvent')
}
