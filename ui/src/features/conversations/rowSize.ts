import { computed, type ComputedRef } from 'vue'
import { useSession } from '@/stores/session'

/** How high a line of the list is, as `--row-height` says it, and how large the picture in it. */
export function useRowSize(): { row: ComputedRef<number>; avatar: ComputedRef<number> } {
  const session = useSession()
  const compact = computed(() => session.settings.density === 'compact')
  return {
    row: computed(() => (compact.value ? 48 : 64) * Math.max(1, session.settings.font_size / 100)),
    avatar: computed(() => (compact.value ? 34 : 44)),
  }
}
