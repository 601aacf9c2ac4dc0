import { afterEach, expect, it } from 'vitest'
import { mountApp, type MountedApp } from '@/testing/mountApp'

let mounted: MountedApp | undefined

afterEach(() => mounted?.app.unmount())

it("the engine's own menu, which goes back and reloads, comes at text to write only", async () => {
  mounted = await mountApp('/settings/profile')
  const comes = (at: Element | null) => at?.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true }))
  expect(comes(document.querySelector('nav'))).toBe(false)
  expect(comes(document.querySelector('main'))).toBe(false)
  expect(comes(document.querySelector('input'))).toBe(true)
})
