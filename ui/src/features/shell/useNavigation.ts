import { useRoute, useRouter } from 'vue-router'
import type { GlobalAction } from '@/features/shortcuts/list'
import { platform } from '@/platform'
import { useConversations } from '@/stores/conversations'
import { useDrafts } from '@/stores/drafts'
import { useSession } from '@/stores/session'
import { useToasts } from '@/stores/toasts'

/** The steps that zooming takes, in percent. */
const ZOOMS = [50, 67, 75, 80, 90, 100, 110, 125, 150, 175, 200]

type Navigation = Record<Exclude<GlobalAction, 'switcher' | 'shortcuts'>, () => void>

/** What the keys do that go somewhere, zoom, or lock. */
export function useNavigation(): Navigation {
  const router = useRouter()
  const route = useRoute()
  const session = useSession()
  const drafts = useDrafts()
  const conversations = useConversations()
  const toasts = useToasts()

  function say(work: Promise<unknown>): void {
    work.catch(toasts.showFailure)
  }

  /** From a window with one conversation, there is nowhere to go. */
  function alone(): boolean {
    return route.meta.alone === true
  }

  function show(name: string): void {
    if (!alone()) {
      say(router.push({ name }))
    }
  }

  function step(by: 1 | -1): void {
    const items = conversations.items
    const at = items.findIndex(({ id }) => route.name === 'chats' && id === Number(route.params.id))
    const to = items[at < 0 ? 0 : at + by]
    if (to && !alone()) {
      say(router.push({ name: 'chats', params: { id: to.id } }))
    }
  }

  function zoom(to: number | undefined): void {
    if (to !== undefined && to !== session.settings.zoom) {
      say(session.change({ zoom: to }))
    }
  }

  return {
    chats: () => show('chats'),
    contacts: () => show('contacts'),
    settings: () => show('settings'),
    next: () => step(1),
    previous: () => step(-1),
    zoomIn: () => zoom(ZOOMS.find((one) => one > session.settings.zoom)),
    zoomOut: () => zoom(ZOOMS.findLast((one) => one < session.settings.zoom)),
    zoomReset: () => zoom(100),
    lock: () => {
      if (session.lock === 'unlocked') {
        // Nothing can be kept behind the lock.
        say(drafts.flushAll().then(() => platform().lock()))
      }
    },
  }
}
