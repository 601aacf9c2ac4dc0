import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AppState } from '@/platform'
import { failure } from '@/platform/fake'
import { closeApp, openApp, settle } from '@/testing/mountApp'
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

  it('stays locked whatever was being read before', async () => {
    const { fake, find } = await openApp('/chats')
    await fake.setLock('magpie')
    const before = await fake.appState()
    const answers: ((state: AppState) => void)[] = []
    vi.spyOn(fake, 'appState').mockImplementation(() => new Promise((resolve) => answers.push(resolve)))
    fake.emit({ type: 'resync' })
    await settle()
    await fake.lock()
    answers.forEach((answer) => answer({ ...before, notices: ['cache_rebuilt'] }))
    await settle()
    expect(find('view-lock')).not.toBeNull()
    expect(useSession().state?.account).toBeNull()
    // What is told once is not lost.
    await vi.waitFor(() => expect(find('toast')?.textContent).toContain('was damaged'))
  })

  it('is what was read last, in whatever order the answers come', async () => {
    const { fake } = await openApp('/settings')
    const session = useSession()
    const before = await fake.appState()
    let answer: (state: AppState) => void = () => undefined
    vi.spyOn(fake, 'appState').mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)))
    const first = session.load()
    fake.world.state.version = '9.9.9'
    await session.load()
    answer(before)
    await first
    expect(session.state?.version).toBe('9.9.9')
  })

  it('says why it could not be read again', async () => {
    const { fake, find } = await openApp('/settings')
    vi.spyOn(fake, 'appState').mockRejectedValue(failure('storage'))
    fake.emit({ type: 'resync' })
    await vi.waitFor(() => expect(find('toast')).not.toBeNull())
  })
})
