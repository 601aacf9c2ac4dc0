import { afterEach, describe, expect, it, vi } from 'vitest'
import { failure } from '@/platform/fake'
import { stumbles } from '@/testing/axe'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'
import { sectionGroups } from './sections'

let mounted: MountedApp | undefined

async function open(...given: Parameters<typeof mountApp>): Promise<MountedApp> {
  mounted = await mountApp(...given)
  await vi.waitFor(() => expect(document.querySelector('[data-testid^=view-]')).not.toBeNull())
  await settle()
  return mounted
}

async function choose(testid: string, value: string): Promise<void> {
  mounted?.find(testid)?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
  await settle()
  const option = await vi.waitUntil(() => document.querySelector(`[role=option][data-value="${value}"]`))
  option.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
  await vi.waitFor(() => expect(document.querySelector('[role=option]')).toBeNull())
  await settle()
}

async function press(testid: string, init: KeyboardEventInit): Promise<void> {
  mounted?.find(testid)?.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }))
  await settle()
}

afterEach(() => {
  mounted?.app.unmount()
  mounted = undefined
})

describe('every section', () => {
  const names = sectionGroups.flat().map(({ name }) => name)

  it.each(['en', 'zh-CN'] as const)('can be used by a screen reader, and has a title (%s)', async (language) => {
    const { router } = await open('/settings/profile', { settings: { language } })
    for (const name of names) {
      await router.push(`/settings/${name}`)
      await settle()
      const label = document.querySelector('[data-testid^=settings-section-][aria-current]')?.textContent.trim()
      await vi.waitFor(() => expect(document.querySelector('.content h2')?.textContent).toBe(label))
      expect(await stumbles(), name).toEqual([])
    }
  })
})

describe('notifications', () => {
  it('can be switched off, and what belongs to them with them', async () => {
    const { click, find, fake } = await open('/settings/notifications')
    await click('settings-notify-preview')
    expect(fake.world.state.settings.notify_preview).toBe(false)
    await click('settings-notify')
    expect(fake.world.state.settings.notify).toBe(false)
    expect(find('settings-notify-sound')?.hasAttribute('disabled')).toBe(true)
  })

  it('pause for a while, and say until when', async () => {
    const { click, find } = await open('/settings/notifications')
    expect(find('quiet-state')?.textContent).toContain('Off')
    await click('quiet-eight_hours')
    expect(find('quiet-state')?.textContent).toMatch(/Until .*\d\d:\d\d/)
    expect(find('quiet-hour')).toBeNull()
    await click('quiet-end')
    expect(find('quiet-state')?.textContent).toContain('Off')
  })

  it('show a pause that the tray began', async () => {
    const { find, fake } = await open('/settings/notifications')
    await fake.setQuiet('always')
    await settle()
    expect(find('quiet-state')?.textContent).toContain('Until you switch it off')
  })

  it('rest by the clock on chosen days', async () => {
    const { click, find, fake } = await open('/settings/notifications')
    expect(find('quiet-from')).toBeNull()
    await click('quiet-hours')
    await choose('quiet-from', '1320')
    await choose('quiet-to', '420')
    await click('quiet-day-6')
    await click('quiet-day-7')
    expect(find('quiet-day-7')?.getAttribute('aria-pressed')).toBe('false')
    await click('quiet-day-6')
    expect(fake.world.state.settings.quiet_hours).toEqual({ enabled: true, from: 1320, to: 420, days: [1, 2, 3, 4, 5, 6] })
  })
})

describe('two quick changes', () => {
  it('of the same setting leave both', async () => {
    const { find, fake } = await open('/settings/notifications', { settings: { quiet_hours: { enabled: true, from: 0, to: 60, days: [1, 2, 3] } } })
    find('quiet-day-1')?.click()
    find('quiet-day-2')?.click()
    await settle()
    expect(fake.world.state.settings.quiet_hours?.days).toEqual([3])
  })
})

describe('appearance', () => {
  it('changes the size of text and how close lines stand', async () => {
    const { fake } = await open('/settings/appearance')
    await press('settings-font-size', { key: 'ArrowRight' })
    await vi.waitFor(() => expect(fake.world.state.settings.font_size).toBe(110))
    expect(document.documentElement.style.getPropertyValue('--font-scale')).toBe('1.1')
    await choose('settings-density', 'compact')
    expect(document.documentElement.dataset.density).toBe('compact')
    await press('settings-zoom', { key: 'ArrowLeft' })
    await vi.waitFor(() => expect(fake.world.state.settings.zoom).toBe(90))
  })
})

describe('chats', () => {
  it('let Enter break the line', async () => {
    const { fake, find, router } = await open('/settings/chats')
    await choose('settings-enter', 'breaks_line')
    expect(fake.world.state.settings.enter).toBe('breaks_line')
    const send = vi.spyOn(fake, 'sendText')
    await router.push('/chats/1003')
    const field = await vi.waitUntil(() => find('composer'))
    field.textContent = 'one'
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await press('composer', { key: 'Enter' })
    expect(send).not.toHaveBeenCalled()
    await press('composer', { key: 'Enter', ctrlKey: true })
    expect(send).toHaveBeenCalledOnce()
  })

  it('say what they take on the disk, and give space back', async () => {
    const { click, find, fake } = await open('/settings/chats')
    await vi.waitFor(() => expect(find('storage-total')?.textContent).toContain('212 MB'))
    expect(document.body.textContent).toContain('402,118 messages')
    expect(find('storage-free')?.textContent).toContain('About 96 MB')
    await choose('settings-keep', '180')
    expect(fake.world.state.settings.keep_days).toBe(180)
    await click('free-space')
    await vi.waitFor(() => expect(find('toast')?.textContent).toContain('96 MB freed'))
    expect(find('storage-total')?.textContent).toContain('116 MB')
    expect(document.querySelector('progress')).toBeNull()
  })

  it('show how far freeing has come, and why it ended', async () => {
    const { click, find, fake } = await open('/settings/chats')
    await vi.waitFor(() => expect(find('storage-total')).not.toBeNull())
    let end: ((why: unknown) => void) | undefined
    vi.spyOn(fake, 'freeSpace').mockImplementation(() => new Promise((_, reject) => (end = reject)))
    await click('free-space')
    fake.emitShell({ type: 'storage', done: 30, total: 60 })
    await settle()
    expect(document.querySelector('progress')?.value).toBe(30)
    end?.(failure('disk_full'))
    await settle()
    expect(find('form-error')?.textContent).toContain('disk is full')
    expect(document.querySelector('progress')).toBeNull()
  })
})

describe('start and window', () => {
  it('says what closing does, and what it cannot do without a tray', async () => {
    const { click, fake } = await open('/settings/window')
    await choose('settings-close', 'quit')
    await click('settings-at-login')
    await click('settings-start-hidden')
    expect(fake.world.state.settings).toMatchObject({ close: 'quit', start_at_login: true, start_hidden: false })
    fake.emitShell({ type: 'tray', tray: false })
    await settle()
    expect(document.body.textContent).toContain('This desktop shows no tray')
  })
})

describe('the proxy', () => {
  it('needs an address, and takes none that is not one', async () => {
    const { type, submit, fake } = await open('/settings/network')
    await choose('settings-proxy', 'socks5')
    await type('field-proxy-address', 'proxy.example')
    await submit()
    expect(document.body.textContent).toContain('Enter a host and a port')
    expect(fake.world.state.settings.proxy).toEqual({ kind: 'system' })
    await type('field-proxy-address', ' ming:pw@proxy.example:1080 ')
    await submit()
    expect(fake.world.state.settings.proxy).toEqual({ kind: 'socks5', address: 'ming:pw@proxy.example:1080' })
    await choose('settings-proxy', 'none')
    await submit()
    expect(fake.world.state.settings.proxy).toEqual({ kind: 'none' })
  })
})

describe('what is being entered', () => {
  const value = (testid: string): string | undefined => (mounted?.find(testid) as HTMLInputElement | null)?.value

  it('stays when other settings are told', async () => {
    const { type, fake } = await open('/settings/network')
    await choose('settings-proxy', 'socks5')
    await type('field-proxy-address', '127.0.0.1')
    fake.emitShell({ type: 'settings', settings: { ...fake.world.state.settings, notify: false } })
    await settle()
    expect(value('field-proxy-address')).toBe('127.0.0.1')
    fake.emitShell({ type: 'settings', settings: { ...fake.world.state.settings, proxy: { kind: 'http', address: 'a:1' } } })
    await settle()
    expect(value('field-proxy-address')).toBe('a:1')
  })

  it('stays when another device changes the profile, which is shown otherwise', async () => {
    const { type, fake } = await open('/settings/profile')
    await fake.updateAccount({ nickname: '小李' })
    await settle()
    expect(value('field-nickname')).toBe('小李')
    await type('field-nickname', '老李')
    await fake.updateAccount({ signature: 'Tea first.' })
    await settle()
    expect(value('field-nickname')).toBe('老李')
  })
})

describe('the keys from anywhere', () => {
  const held = { key: 'M', code: 'KeyM', ctrlKey: true, shiftKey: true }

  it('are pressed to be set, and can be taken away', async () => {
    const { click, find, fake } = await open('/settings/shortcuts')
    await press('global-shortcut', held)
    expect(fake.world.state.settings.shortcut).toBeNull()
    await click('global-shortcut')
    await press('global-shortcut', { key: 'Shift', code: 'ShiftLeft', shiftKey: true })
    await press('global-shortcut', { key: 'a', code: 'KeyA' })
    expect(find('global-shortcut')?.textContent).toContain('Press the keys')
    await press('global-shortcut', held)
    expect(fake.world.state.settings.shortcut).toBe('Ctrl+Shift+M')
    expect(find('global-shortcut')?.textContent).toBe('CtrlShiftM')
    await click('global-shortcut-clear')
    expect(fake.world.state.settings.shortcut).toBeNull()
  })

  it('are refused in words where another program has them', async () => {
    const { click, find, fake } = await open('/settings/shortcuts')
    vi.spyOn(fake, 'setSettings').mockRejectedValueOnce(failure('shortcut_taken'))
    await click('global-shortcut')
    await press('global-shortcut', held)
    expect(document.body.textContent).toContain('Another program uses these keys')
    expect(find('global-shortcut')?.textContent).toContain('No keys')
  })
})

describe('about', () => {
  it('copies what a helper needs, and opens the logs', async () => {
    const { click, find, fake } = await open('/settings/about')
    const logs = vi.spyOn(fake, 'openLogFolder')
    const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
    await click('open-logs')
    expect(logs).toHaveBeenCalledOnce()
    await click('copy-diagnostics')
    await vi.waitFor(() => expect(find('toast')?.textContent).toContain('Diagnostics copied'))
    expect(copied).toHaveBeenCalledWith(expect.stringContaining('Magpie 0.1.0'))
  })

  it('names the work of others, once somebody asks for it', async () => {
    const { find, fake } = await open('/settings/about')
    const crates = vi.spyOn(fake, 'crates')
    expect(find('licences')).toBeNull()
    const details = document.querySelector('details')
    for (let times = 0; times < 2; times += 1) {
      details?.toggleAttribute('open')
      details?.dispatchEvent(new Event('toggle'))
    }
    await vi.waitFor(() => expect(find('licences')?.textContent).toMatch(/vue \d.*MIT/))
    expect(find('licences')?.textContent).toMatch(/tauri 2.12.5.*Apache-2.0 OR MIT/)
    expect(crates).toHaveBeenCalledOnce()
  })
})
