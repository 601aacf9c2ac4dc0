/** What can be done with a conversation: the same in the list and above its messages. */
import { AppWindow, Bell, BellOff } from '@lucide/vue'
import type { MenuItem } from '@/components/menu'
import { t } from '@/i18n'
import { isPaused, mutes } from '@/i18n/pause'
import { platform, type ConversationItem } from '@/platform'
import { useToasts } from '@/stores/toasts'

/** Returns the lines of the menu of a conversation; `withWindow` where it is not in a window of its own. */
export function conversationMenu(
  { id, muted_until }: Pick<ConversationItem, 'id' | 'muted_until'>,
  withWindow = true,
): MenuItem[] {
  const say = (work: Promise<unknown>): void => void work.catch(useToasts().showFailure)
  const muting: MenuItem[] = isPaused(muted_until, Date.now())
    ? [{ label: t('chats.conversations.unmute'), icon: Bell, testid: 'unmute', select: () => say(platform().setMuted(id, null)) }]
    : mutes.map(({ pause, label }) => ({
        label: t('chats.conversations.mute', { time: t(label) }),
        icon: BellOff,
        testid: `mute-${pause}`,
        select: () => say(platform().setMuted(id, pause)),
      }))
  const popOut = { label: t('chats.conversations.popOut'), icon: AppWindow, testid: 'pop-out', select: () => say(platform().popOut(id)) }
  return withWindow ? [popOut, ...muting] : muting
}
