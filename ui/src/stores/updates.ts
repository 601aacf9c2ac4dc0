import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { platform, type UpdateState } from '@/platform'
import { onShellEvent } from './events'

/** How updating stands, as the platform said last. */
export const useUpdates = defineStore('updates', () => {
  const state = shallowRef<UpdateState>({ state: 'unknown' })

  /** There is something to fetch, or to install. */
  const waiting = computed(() => state.value.state === 'available' || state.value.state === 'ready')

  async function load(): Promise<void> {
    state.value = await platform().updateState()
  }

  async function check(): Promise<void> {
    state.value = await platform().checkUpdate()
  }

  onShellEvent('update', (event) => (state.value = event.update))

  return { state, waiting, load, check }
})
