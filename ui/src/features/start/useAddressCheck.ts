import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { platform, toFailure, type Failure, type ServerCheck } from '@/platform'

/** How long nothing is typed before the server is asked. */
const PAUSE = 450

/** Checks the address of a server as it is entered. */
export function useAddressCheck(address: Ref<string>) {
  const checking = ref(false)
  const found = shallowRef<ServerCheck | null>(null)
  const failure = shallowRef<Failure | null>(null)
  let timer: number | undefined
  let last = 0

  function forget(): number {
    window.clearTimeout(timer)
    found.value = null
    failure.value = null
    checking.value = false
    last += 1
    return last
  }

  /** Asks at once. An answer that was overtaken by more typing counts for nothing. */
  async function check(): Promise<ServerCheck | null> {
    const mine = forget()
    checking.value = true
    try {
      const answer = await platform().checkServer(address.value.trim())
      if (mine === last) {
        found.value = answer
      }
    } catch (error) {
      if (mine === last) {
        failure.value = toFailure(error)
      }
    }
    if (mine === last) {
      checking.value = false
    }
    return found.value
  }

  watch(address, (text) => {
    forget()
    if (text.trim() !== '') {
      timer = window.setTimeout(() => void check(), PAUSE)
    }
  })
  onScopeDispose(forget)

  return { checking, found, failure, check }
}
