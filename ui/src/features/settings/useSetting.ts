import { computed, type WritableComputedRef } from 'vue'
import type { Settings } from '@/platform'
import { useSession } from '@/stores/session'
import { useToasts } from '@/stores/toasts'

/** One setting: what is stored, and stored anew when it is set. */
export function useSetting<K extends keyof Settings>(key: K): WritableComputedRef<Settings[K]> {
  const session = useSession()
  const toasts = useToasts()
  return computed({
    get: () => session.settings[key],
    set: (wanted) => void session.change({ [key]: wanted }).catch(toasts.showFailure),
  })
}
