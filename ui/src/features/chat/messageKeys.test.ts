import { afterEach, describe, expect, it, vi } from 'vitest'
import { closeApp, openApp, settle } from '@/testing/mountApp'

afterEach(closeApp)

async function press(key: string, init: KeyboardEventInit = {}): Promise<void> {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init })
  document.activeElement?.dispatchEvent(event)
  await settle()
}

const focused = (): string | undefined => (document.activeElement as HTMLElement | null)?.dataset.testid
const menu = (): Element | null => document.querySelector('[role=menu]')

describe('the keys among messages', () => {
  it('walk over notes too, and to both ends', async () => {
    const { fake, find } = await openApp('/chats/1004')
    const ids = fake.world.chat(1004).messages.map(({ id }) => id)
    await vi.waitFor(() => expect(document.querySelector(`[data-id="${String(ids.at(-1))}"]`)).not.toBeNull())
    document.querySelector<HTMLElement>(`[data-id="${String(ids.at(-1))}"]`)?.focus()
    await press('ArrowUp')
    await vi.waitFor(() => expect(focused()).toBe('message-note'))
    expect(find('message-note')?.tabIndex).toBe(0)
    expect(document.querySelectorAll('[data-id][tabindex="0"]')).toHaveLength(2)
    await press('End')
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('data-id')).toBe(ids.at(-1)))
    await press('Home')
    await vi.waitFor(() => expect(focused()).toBe('message-note'))
  })

  it('open the menu of a message, and none where there is nothing to do', async () => {
    const { fake, find } = await openApp('/chats/1004')
    const [note, last] = fake.world.chat(1004).messages.map(({ id }) => id)
    await vi.waitFor(() => expect(document.querySelector(`[data-id="${String(last)}"]`)).not.toBeNull())
    document.querySelector<HTMLElement>(`[data-id="${String(last)}"]`)?.focus()
    await press('ArrowUp')
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('data-id')).toBe(note))
    await press('Enter')
    expect(menu()).toBeNull()
    await press('ArrowDown')
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('data-id')).toBe(last))
    await press('F10', { shiftKey: true })
    await vi.waitFor(() => expect(find('message-copy')).not.toBeNull())
  })

  it('open the menu of a chat in the list', async () => {
    const { all, find } = await openApp('/chats')
    const line = await vi.waitUntil(() => all('conversation-item')[0])
    line.focus()
    await press('F10', { shiftKey: true })
    await vi.waitFor(() => expect(find('mute-always')).not.toBeNull())
  })
})
