import { afterEach, describe, expect, it, vi } from 'vitest'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'

const ALICE = 10002
let mounted: MountedApp | undefined

async function open(path: string): Promise<MountedApp> {
  mounted = await mountApp(path)
  await vi.waitFor(() => expect(document.querySelector('[data-testid^=view-]')).not.toBeNull())
  await settle()
  return mounted
}

afterEach(() => {
  mounted?.app.unmount()
  mounted = undefined
})

describe('whether somebody is there', () => {
  it('stands above their chat, in words', async () => {
    const { find, fake } = await open('/chats/1002')
    await vi.waitFor(() => expect(find('chat-presence')?.textContent).toBe('online'))
    fake.setPresence({ user_id: ALICE, online: false, last_seen_at: Date.now() })
    await settle()
    expect(find('chat-presence')?.textContent).toBe('last seen just now')
    fake.setOnline(false)
    await settle()
    // Nobody knows, and nothing is claimed.
    expect(find('chat-presence')?.textContent).toBe('Coffee first.')
  })

  it('is a dot on their card and words for those who do not see it', async () => {
    const { find, fake } = await open(`/contacts/person/${String(ALICE)}`)
    const card = (): HTMLElement | null => find('profile-card')
    await vi.waitFor(() => expect(card()?.querySelector('[data-testid=online-dot]')).not.toBeNull())
    expect(card()?.textContent).toContain('online')
    fake.setPresence({ user_id: ALICE, online: false, last_seen_at: null })
    await settle()
    expect(card()?.querySelector('[data-testid=online-dot]')).toBeNull()
    expect(card()?.textContent).toContain('offline')
  })
})
