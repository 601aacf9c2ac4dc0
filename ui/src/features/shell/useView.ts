import { watch } from 'vue'
import { useRoute } from 'vue-router'
import { useWindowFocus } from '@/features/chat/useWindowFocus'
import { platform } from '@/platform'
import { useSession } from '@/stores/session'

/** Says which conversation is on the screen of this window, and whether somebody looks: nobody needs to be told of that. */
export function useView(): void {
  const route = useRoute()
  const session = useSession()
  const focused = useWindowFocus()

  function shown(): number | null {
    const id = Number(route.params.id)
    return (route.name === 'chats' || route.name === 'window') && id > 0 ? id : null
  }

  watch(
    () => [shown(), focused.value, session.signedIn ? session.state?.account_key : undefined] as const,
    ([id, looks, key]) => {
      if (key !== undefined) {
        // Without it there may be a notification too many; nobody can do anything about that.
        platform().setView(id, looks).catch(console.error)
      }
    },
    { immediate: true },
  )
}
