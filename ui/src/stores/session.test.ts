import { afterEach, describe, expect, it, vi } from 'vitest'
import { closeApp, openApp } from '@/testing/mountApp'
import { useSession } from './session'

afterEach(closeApp)

describe('the session', () => {
  it('keeps what was said of the link while the state was read', async () => {
    const { fake } = await openApp('/settings')
    const read = await fake.appState()
    vi.spyOn(fake, 'appState').mockImplementationOnce(() => {
      fake.world.emit({ type: 'link', link: { state: 'online' } })
      return Promise.resolve({ ...read, link: { state: 'connecting', since: null } })
    })
    const session = useSession()
    session.link = null
    await session.load()
    expect(session.link).toEqual({ state: 'online' })
  })
})
