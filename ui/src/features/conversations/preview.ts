/** How a line of the list words the last message. */
import { bodyText } from '@/features/chat/words'
import type { MessageStatus } from '@/features/chat/rows'
import { t } from '@/i18n'
import type { ConversationItem } from '@/platform'

/** What a line says below the title. */
export interface Line {
  readonly text: string
  /** It is what was begun to be written. */
  readonly draft: boolean
  /** How the own last message fares. */
  readonly mark: MessageStatus | undefined
}

/**
 * Words a line; nothing is worded that the platform did not say.
 *
 * @param withDraft not for the conversation that is open: there the draft stands in the text field
 */
export function lineOf(item: ConversationItem, me: number | undefined, withDraft = true): Line {
  if (withDraft && item.draft !== null) {
    return { text: oneLine(item.draft), draft: true, mark: item.failed > 0 ? 'failed' : undefined }
  }
  if (item.preview === null) {
    return { text: t('chats.conversations.empty'), draft: false, mark: undefined }
  }
  const { body, delivery } = item.preview
  const mark = delivery?.delivery === 'stored' ? delivery.state : delivery?.delivery
  return {
    text: oneLine(bodyText(body, item.title, me)),
    draft: false,
    // A refused message counts more than how a later one fares.
    mark: item.failed > 0 ? 'failed' : mark,
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim()
}
