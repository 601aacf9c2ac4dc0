import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { platform, type AccountLine } from '@/platform'
import { onShellEvent } from './events'
import { latest } from './latest'
import { useSession } from './session'

/** The accounts of this profile that are signed in, as the platform said last. */
export const useAccounts = defineStore('accounts', () => {
  const all = shallowRef<readonly AccountLine[]>([])
  const session = useSession()
  const others = computed(() => all.value.filter((one) => one.signed_in && !one.current))

  /** Those used here before to whom nobody is signed in: the others need not do it again. */
  const signedOut = computed(() =>
    (session.state?.remembered ?? []).filter(({ key }) => !all.value.some((one) => one.key === key && one.signed_in)),
  )

  const begin = latest()

  async function load(): Promise<void> {
    const isLatest = begin()
    const read = await platform().accounts()
    if (isLatest()) {
      all.value = read
    }
  }

  function set(accounts: readonly AccountLine[]): void {
    begin()
    all.value = accounts
  }

  function clear(): void {
    set([])
  }

  onShellEvent('accounts', (event) => set(event.accounts))

  return { all, others, signedOut, load, clear }
})
