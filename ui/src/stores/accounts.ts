import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { platform, type AccountLine } from '@/platform'
import { onShellEvent } from './events'

/** The accounts of this profile that are signed in, as the platform said last. */
export const useAccounts = defineStore('accounts', () => {
  const all = shallowRef<readonly AccountLine[]>([])
  const others = computed(() => all.value.filter((one) => one.signed_in && !one.current))

  async function load(): Promise<void> {
    all.value = await platform().accounts()
  }

  function clear(): void {
    all.value = []
  }

  onShellEvent('accounts', (event) => (all.value = event.accounts))

  return { all, others, load, clear }
})
