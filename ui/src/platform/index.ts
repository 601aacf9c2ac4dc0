import type { Platform } from './platform'

export { toFailure } from './failure'
export type { Platform, Stop } from './platform'
export type * from './types'
export { unset } from './unset'

let current: Platform | undefined

/** The host: Tauri in the app, the fake in tests and in a plain browser. */
export function platform(): Platform {
  if (current === undefined) {
    throw new Error('The platform was not chosen yet')
  }
  return current
}

/** Makes `host` the host, e.g. a fake of a test. */
export function usePlatform(host: Platform): void {
  current = host
}

/** Finds out where the page runs. The fake is no part of the app's bundle. */
export async function choosePlatform(): Promise<void> {
  if (import.meta.env.DEV || import.meta.env.MODE === 'fake') {
    if (!('__TAURI_INTERNALS__' in window)) {
      const { fakeFromAddress } = await import('./fake')
      return usePlatform(fakeFromAddress(window.location.search))
    }
  }
  const { tauri } = await import('./tauri')
  usePlatform(tauri)
}
