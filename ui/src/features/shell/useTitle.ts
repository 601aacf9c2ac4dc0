import { watchEffect } from 'vue'
import { t } from '@/i18n'
import { useConversations } from '@/stores/conversations'
import { useSession } from '@/stores/session'

/** Keeps the page's title: the app's name, after the number of unread messages where there are any. */
export function useTitle(): void {
  const session = useSession()
  const conversations = useConversations()
  watchEffect(() => {
    const unread = session.signedIn ? conversations.unreadTotal : 0
    document.title = unread > 0 ? t('shell.unreadTitle', { n: unread, name: t('shell.appName') }) : t('shell.appName')
  })
}
