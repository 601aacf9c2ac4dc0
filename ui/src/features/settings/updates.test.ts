import { afterEach, describe, expect, it, vi } from 'vitest'
import { stumbles } from '@/testing/axe'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'

let mounted: MountedApp | undefined

async function open(...given: Parameters<typeof mountApp>): Promise<MountedApp> {
  mounted = await mountApp(...given)
  await vi.waitFor(() => expect(mounted?.find('update-state')).not.toBeNull())
  await settle()
  return mounted
}

afterEach(() => {
  mounted?.app.unmount()
  mounted = undefined
})

describe('updates', () => {
  it('are looked for, fetched with progress, and come with the next start', async () => {
    const { click, find, fake } = await open('/settings/about')
    const restart = vi.spyOn(fake, 'restartToUpdate')
    await click('update-check')
    await vi.waitFor(() => expect(find('update-state')?.textContent).toBe('Version 0.2.0 is there (18.4 MB).'))
    expect(find('update-notes')?.querySelectorAll('li')).toHaveLength(3)
    expect(await stumbles()).toEqual([])
    const seen: (number | undefined)[] = []
    const said = new Set<string | null | undefined>()
    const stop = await fake.listenShell(() => {
      seen.push(document.querySelector('progress')?.value)
      said.add(find('update-state')?.textContent)
    })
    await click('update-install')
    await vi.waitFor(() => expect(find('update-state')?.textContent).toContain('was checked'))
    stop()
    expect(seen).toContain(7_360_000)
    // What is read aloud does not count along.
    expect([...said].filter((words) => words?.includes('Fetching'))).toEqual(['Fetching version 0.2.0…'])
    await click('update-restart')
    expect(restart).toHaveBeenCalledOnce()
  })

  it.each([
    ['signature', 'its signature is not that of'],
    ['damaged', 'did not arrive whole'],
    ['older', 'not newer than this version'],
    ['unsent_messages', 'Messages wait to be sent'],
    ['unreachable', 'cannot be reached'],
    ['not_possible', 'cannot replace itself'],
    ['failed', 'Nothing was changed'],
  ] as const)('that are refused say why: %s', async (reason, words) => {
    const { find, fake } = await open('/settings/about')
    fake.emitShell({ type: 'update', update: { state: 'refused', reason } })
    await settle()
    expect(find('update-state')?.textContent).toContain(words)
    // There is always a way to try again.
    expect(find('update-check')).not.toBeNull()
  })

  it('are none where nobody offers any', async () => {
    const { find, fake } = await open('/settings/about')
    fake.emitShell({ type: 'update', update: { state: 'off' } })
    await settle()
    expect(find('update-state')?.textContent).toContain('gets no updates')
    expect(find('update-install')).toBeNull()
  })

  it('that were found unasked are marked in the rail until they are installed', async () => {
    const { find, fake } = await open('/settings/about')
    expect(find('rail-update')).toBeNull()
    fake.emitShell({ type: 'update', update: { state: 'available', version: '9', notes: '', size: null } })
    await settle()
    expect(find('rail-update')?.getAttribute('aria-label') ?? find('rail-update')?.textContent).toContain('newer version')
    expect(find('about-update')).not.toBeNull()
    expect(await stumbles()).toEqual([])
    fake.emitShell({ type: 'update', update: { state: 'none', checked_at: Date.now() } })
    await settle()
    expect(find('rail-update')).toBeNull()
  })

  it('show notes as text, whatever they hold', async () => {
    const { find, fake } = await open('/settings/about')
    const notes = '<img src=x onerror=alert(1)>'
    fake.emitShell({ type: 'update', update: { state: 'available', version: '9', notes, size: null } })
    await settle()
    expect(find('update-notes')?.textContent).toBe(notes)
    expect(find('update-notes')?.querySelector('img')).toBeNull()
  })
})
