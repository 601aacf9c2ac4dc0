import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { platform, type UpdateState } from '@/platform'
import { onShellEvent } from './events'
import { latest } from './latest'

/** How updating stands, as the platform said last. */
export const useUpdates = defineStore('updates', () => {
  const state = shallowRef<UpdateState>({ state: 'unknown' })

  /** How many there are to fetch, or to install. */
  const waiting = computed(() => (state.value.state === 'available' || state.value.state === 'ready' ? 1 : 0))
  const begin = latest()

  async function load(): Promise<void> {
    const isLatest = begin()
    const read = await platform().updateState()
    if (isLatest()) {
      state.value = read
    }
  }

  async function check(): Promise<void> {
    set(await platform().checkUpdate())
  }

  function set(now: UpdateState): void {
    begin()
    state.value = now
  }

  onShellEvent('update', (event) => set(event.update))

  return { state, waiting, load, check }
})
