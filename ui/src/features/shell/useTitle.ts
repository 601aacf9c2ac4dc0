import { watchEffect } from 'vue'
import { useRoute } from 'vue-router'
import { t } from '@/i18n'
import { useConversations } from '@/stores/conversations'
import { useSession } from '@/stores/session'

/**
 * Keeps the page's title: the app's name, after the number of unread messages where there are any; in
 * the window of a conversation, what that is called.
 */
export function useTitle(): void {
  const session = useSession()
  const conversations = useConversations()
  const route = useRoute()
  watchEffect(() => {
    const own = route.meta.alone === true ? conversations.items.find(({ id }) => id === Number(route.params.id)) : undefined
    if (own) {
      document.title = own.title
      return
    }
    const unread = session.signedIn ? conversations.unreadTotal : 0
    document.title = unread > 0 ? t('shell.unreadTitle', { n: unread, name: t('shell.appName') }) : t('shell.appName')
  })
}
