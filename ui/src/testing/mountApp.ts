import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { expect, vi } from 'vitest'
import type { Router } from 'vue-router'
import App from '@/App.vue'
import { i18n } from '@/i18n'
import { usePlatform } from '@/platform'
import { createFake, type Fake, type FakeOptions } from '@/platform/fake'
import { makeRouter } from '@/router'
import { startEvents } from '@/stores/events'
import { useSession } from '@/stores/session'

// Views and dialogs are loaded when they are first shown; here they are there from the start, so that no test waits
// for a disk.
import.meta.glob(['../views/*.vue', '../features/*/{*Dialog,QuickSwitcher,ChatWindow}.vue'], { eager: true })

/** The whole app in a document, on a host in memory. */
export interface MountedApp {
  app: VueWrapper
  fake: Fake
  router: Router
  find: (testid: string) => HTMLElement | null
  all: (testid: string) => HTMLElement[]
  click: (testid: string) => Promise<void>
  type: (testid: string, text: string) => Promise<void>
  submit: () => Promise<void>
}

/** Mounts the app at `path`; dialogs and menus are found too, for they lie in the same document. */
export async function mountApp(path: string, options: FakeOptions = {}): Promise<MountedApp> {
  document.body.innerHTML = ''
  const fake = createFake({ locale: 'en', ...options })
  usePlatform(fake)
  const pinia = createPinia()
  const session = useSession(pinia)
  await startEvents()
  await session.load()
  const router = makeRouter()
  await router.push(path)
  const app = mount(App, { attachTo: document.body, global: { plugins: [pinia, i18n, router] } })
  await settle()

  const all = (testid: string) => [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)]
  const find = (testid: string) => all(testid)[0] ?? null
  function need(testid: string): HTMLElement {
    const found = find(testid)
    if (found === null) {
      throw new Error(`There is no ${testid} in ${document.body.innerHTML.slice(0, 2_000)}`)
    }
    return found
  }

  return {
    app,
    fake,
    router,
    find,
    all,
    click: async (testid) => {
      need(testid).click()
      await settle()
    },
    type: async (testid, text) => {
      const field = need(testid) as HTMLInputElement
      field.value = text
      field.dispatchEvent(new Event('input', { bubbles: true }))
      await settle()
    },
    submit: async () => {
      need('submit').closest('form')?.requestSubmit()
      await settle()
    },
  }
}

let mounted: MountedApp | undefined

/** Mounts the app at `path` and waits for a view. */
export async function openApp(...given: Parameters<typeof mountApp>): Promise<MountedApp> {
  mounted = await mountApp(...given)
  await vi.waitFor(() => expect(document.querySelector('[data-testid^=view-]')).not.toBeNull())
  await settle()
  return mounted
}

/** Takes the app away that was opened last, and sets the clock right. */
export function closeApp(): void {
  vi.useRealTimers()
  mounted?.app.unmount()
  mounted = undefined
}

/** Waits for what was begun, lazily loaded views included. */
export async function settle(): Promise<void> {
  await flushPromises()
  await new Promise((resolve) => setImmediate(resolve))
  await flushPromises()
}
