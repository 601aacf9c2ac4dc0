import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { RememberedAccount, ServerCheck } from '@/platform'

/** What was chosen on the way in, kept from one view to the next. */
export const useStart = defineStore('start', () => {
  const server = shallowRef<ServerCheck | null>(null)
  const login = ref('')
  /** Somebody who is signed in adds another account. */
  const adding = ref(false)
  /** What an invitation says, until it was used. */
  const invitation = ref('')
  const picked = shallowRef<RememberedAccount | null>(null)

  /** Goes on with a server; whoever was picked before does not belong to it. */
  function choose(found: ServerCheck): void {
    server.value = found
    picked.value = null
    login.value = ''
  }

  /** Begins anew, as after signing out. */
  function reset(): void {
    server.value = null
    picked.value = null
    login.value = ''
    adding.value = false
    invitation.value = ''
  }

  return { server, login, picked, adding, invitation, choose, reset }
})
