import { onScopeDispose, shallowRef, type Ref } from 'vue'
import { useRouter, type RouteLocationRaw } from 'vue-router'
import { t } from '@/i18n'
import type { Link } from '@/platform'
import { onShellEvent } from '@/stores/events'
import { useSession } from '@/stores/session'
import { useToasts } from '@/stores/toasts'

export type Invitation = Extract<Link, { kind: 'invitation' }>

/**
 * Shows what links of the app's own name, and what the tray and notifications ask for. A link shows
 * something and does nothing else: even a server is not asked before somebody said so.
 *
 * @param follow turns to the account that the link was resolved for
 */
export function useLinks(follow: () => Promise<void>): { invitation: Ref<Invitation | null> } {
  const router = useRouter()
  const session = useSession()
  const toasts = useToasts()
  const invitation = shallowRef<Invitation | null>(null)

  function go(to: RouteLocationRaw): void {
    router.push(to).catch(toasts.showFailure)
  }

  async function show(link: Link): Promise<void> {
    await follow()
    switch (link.kind) {
      case 'malformed':
        return toasts.show(t('links.malformed'), 'bad')
      case 'elsewhere':
        return toasts.show(t('links.elsewhere', { server: link.server_url }), 'bad')
      case 'invitation':
        invitation.value = link
        return
    }
    if (!session.signedIn) {
      return toasts.show(t('links.signInFirst'), 'bad')
    }
    if (link.kind === 'person') {
      go({ name: 'person', params: { id: link.user_id } })
    } else {
      const query = link.kind === 'message' ? { message: link.message_id } : {}
      go({ name: 'chats', params: { id: link.conversation_id }, query })
    }
  }

  const stops = [
    onShellEvent('link', (event) => void show(event.link)),
    onShellEvent('open_settings', ({ section }) => {
      if (session.signedIn) {
        go({ name: 'settings', params: { section: section ?? '' } })
      }
    }),
    onShellEvent('open_requests', () => {
      void follow().then(() => {
        if (session.signedIn) {
          go({ name: 'contacts', params: { section: 'requests' } })
        }
      })
    }),
  ]
  onScopeDispose(() => stops.forEach((stop) => stop()))

  return { invitation }
}
