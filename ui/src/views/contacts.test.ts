import { afterEach, describe, expect, it, vi } from 'vitest'
import { failure } from '@/platform/fake'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'

let mounted: MountedApp | undefined

async function open(...given: Parameters<typeof mountApp>): Promise<MountedApp> {
  mounted = await mountApp(...given)
  await vi.waitFor(() => expect(document.querySelector('[data-testid^=view-]')).not.toBeNull())
  await settle()
  return mounted
}

afterEach(() => {
  mounted?.app.unmount()
  mounted = undefined
})

describe('friend requests', () => {
  it('are counted at the rail, answered, and open a conversation', async () => {
    const { find, all, click, fake } = await open('/contacts/requests')
    expect(find('rail-requests')?.textContent).toContain('2')
    expect(all('request-accept')).toHaveLength(2)
    await click('request-accept')
    await vi.waitFor(() => expect(all('request-accept')).toHaveLength(1))
    expect(find('rail-requests')?.textContent).toContain('1')
    expect(fake.world.contacts.friends.at(-1)?.friend.user.username).toBe('dora')
  })

  it('stay as they are when the server cannot be asked, and say so', async () => {
    const { find, all, click, fake } = await open('/contacts/requests')
    fake.setOnline(false)
    await settle()
    expect(find('link-line')?.textContent).toContain('Offline since')
    await click('request-reject')
    await vi.waitFor(() => expect(find('toast')?.textContent).toContain('Nothing answers there'))
    expect(all('request-reject')).toHaveLength(2)
  })

  it('have words for an empty list', async () => {
    await open('/contacts/requests', { scenario: 'fresh' })
    expect(document.body.textContent).toContain('No friend requests')
    expect(document.body.textContent).toContain('No friends yet')
  })
})

describe('the list of friends', () => {
  it('is walked to both ends, however long it is', async () => {
    const { all, fake } = await open('/contacts')
    const [first] = fake.world.contacts.friends
    if (first) {
      // More than are drawn at once.
      fake.world.contacts.friends = Array.from({ length: 300 }, (_, i) => {
        const one = structuredClone(first)
        one.friend.user.id = 20_000 + i
        return one
      })
    }
    fake.emit({ type: 'contacts' })
    await settle()
    expect(all('friend-item').length).toBeLessThan(100)
    all('friend-item')[0]?.focus()
    const press = (key: string) =>
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    const at = (): string | null | undefined => document.activeElement?.getAttribute('data-id')
    press('End')
    await vi.waitFor(() => expect(at()).toBe('20299'))
    press('Home')
    await vi.waitFor(() => expect(at()).toBe('20000'))
  })
})

describe('looking for people', () => {
  it('goes on page by page, and asks with a message', async () => {
    const { type, click, all, find, fake } = await open('/contacts/search')
    const search = vi.spyOn(fake, 'searchPeople')
    await type('people-search', 'lin')
    await type('people-search', 'lin_')
    await vi.waitFor(() => expect(all('person-result')).toHaveLength(10))
    expect(search).toHaveBeenCalledTimes(1)
    const more = [...document.querySelectorAll('button')].find((one) => one.textContent.includes('Show more'))
    more?.click()
    await vi.waitFor(() => expect(all('person-result')).toHaveLength(20))

    await click('person-add')
    await type('request-message', '你好')
    find('request-send')?.closest('form')?.requestSubmit()
    await vi.waitFor(() => expect(all('person-add')).toHaveLength(19))
    expect(fake.world.contacts.sent[0]).toMatchObject({ message: '你好', to: { username: 'lin_1' } })
  })

  it('shows the latest question, however late an older answer comes', async () => {
    const { type, all, fake } = await open('/contacts/search')
    const real = fake.searchPeople
    const held: (() => void)[] = []
    vi.spyOn(fake, 'searchPeople').mockImplementation(async (query, cursor) => {
      if (query === 'lin') {
        await new Promise<void>((resolve) => held.push(resolve))
      }
      return real(query, cursor)
    })
    await type('people-search', 'lin')
    await vi.waitFor(() => expect(held).toHaveLength(1))
    await type('people-search', 'alice')
    await vi.waitFor(() => expect(all('person-result')).toHaveLength(1))
    held.forEach((release) => release())
    await settle()
    expect(all('person-result').map((one) => one.dataset.id)).toEqual(['10002'])
  })

  it('says how long to wait where one asked before', async () => {
    const { type, click, find, fake } = await open('/contacts/search')
    vi.spyOn(fake, 'requestFriend').mockRejectedValue(failure('request_too_soon', 5 * 3_600_000))
    await type('people-search', 'lin_2')
    await vi.waitFor(() => expect(find('person-add')).not.toBeNull())
    await click('person-add')
    find('request-send')?.closest('form')?.requestSubmit()
    await vi.waitFor(() => expect(find('form-error')?.textContent).toContain('5 hours'))
  })
})

describe('a card', () => {
  it('leads to the conversation', async () => {
    const { click, find, router } = await open('/contacts/person/10007')
    await vi.waitFor(() => expect(find('profile-card')?.textContent).toContain('王磊'))
    await click('profile-message')
    await vi.waitFor(() => expect(router.currentRoute.value.fullPath).toBe('/chats/1007'))
  })

  it('follows what others do', async () => {
    const { find, fake } = await open('/contacts/person/10007')
    await vi.waitFor(() => expect(find('profile-message')).not.toBeNull())
    await fake.removeFriend(10007)
    await vi.waitFor(() => expect(find('profile-message')).toBeNull())
    expect(find('person-add')).not.toBeNull()
  })
})
