import { onScopeDispose } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { platform, type AccountLine } from '@/platform'
import { onShellEvent } from '@/stores/events'
import { useSession } from '@/stores/session'
import { useToasts } from '@/stores/toasts'

/** Returns a way out of what belongs to the account in view, whose numbers mean others in the next one. */
export function useLeave(): () => Promise<void> {
  const router = useRouter()
  const route = useRoute()

  return async () => {
    // A window with one conversation is closed with its account, and on the way in there is none yet.
    if (route.meta.start !== true && route.meta.alone !== true) {
      await router.replace({ name: route.name === 'person' ? 'contacts' : 'chats' })
    }
  }
}

/**
 * Turns the page to the account that was chosen elsewhere, e.g. in the tray.
 *
 * `follow` asks for it: a click on a notification may be heard of before the account that it is for.
 */
export function useAccountTurn(): { follow: () => Promise<void> } {
  const session = useSession()
  const leave = useLeave()

  function turn(accounts: readonly AccountLine[]): Promise<void> {
    return session.turnTo(accounts.find((one) => one.current)?.key ?? '', leave)
  }

  async function follow(): Promise<void> {
    await session.settled()
    await platform().accounts().then(turn, useToasts().showFailure)
  }

  onScopeDispose(onShellEvent('accounts', ({ accounts }) => void turn(accounts)))

  return { follow }
}
