import { afterEach, describe, expect, it, vi } from 'vitest'
import { platform } from '@/platform'
import { useStart } from '@/stores/start'
import { mountApp, settle, type MountedApp } from '@/testing/mountApp'

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

afterEach(() => {
  mounted?.app.unmount()
  mounted = undefined
})

describe('appearance', () => {
  it('changes at once and is stored', async () => {
    const { fake } = await open('/settings/appearance')
    await choose('settings-theme', 'dark')
    expect(document.documentElement.dataset.theme).toBe('dark')
    await choose('settings-language', 'zh-CN')
    expect(document.body.textContent).toContain('外观')
    expect(fake.world.state.settings).toMatchObject({ theme: 'dark', language: 'zh-CN' })
    await choose('settings-theme', 'system')
    expect(document.documentElement.dataset.theme).toBeUndefined()
    await choose('settings-language', 'en')
  })
})

describe('the profile', () => {
  it('is checked, saved, and shown everywhere', async () => {
    const { type, submit, fake } = await open('/settings/profile')
    await type('field-nickname', '   ')
    await submit()
    expect(fake.world.state.account?.user.nickname).toBe('李明')
    await type('field-nickname', '小李')
    await submit()
    expect(fake.world.state.account?.user.nickname).toBe('小李')
    expect(document.querySelector('nav a')?.getAttribute('aria-label')).toContain('小李')
  })
})

describe('the birthday', () => {
  it('is a text in any engine, is understood, and is called wrong only when it is done', async () => {
    const { type, submit, find, fake } = await open('/settings/profile')
    const field = find('field-birthday') as HTMLInputElement
    expect([field.type, field.value]).toEqual(['text', '1994-06-18'])
    await type('field-birthday', '1990-02-31')
    expect(field.getAttribute('aria-invalid')).toBeNull()
    await submit()
    expect(field.getAttribute('aria-invalid')).toBe('true')
    expect(fake.world.state.account?.birthday).toBe('1994-06-18')
    await type('field-birthday', '1990/2/3')
    field.dispatchEvent(new FocusEvent('blur'))
    await settle()
    expect(field.value).toBe('1990-02-03')
    await submit()
    await vi.waitFor(() => expect(fake.world.state.account?.birthday).toBe('1990-02-03'))
    await type('field-birthday', '')
    await submit()
    await vi.waitFor(() => expect(fake.world.state.account?.birthday).toBeNull())
  })
})

describe('the password', () => {
  it('is changed only with the old one and the same new one twice', async () => {
    const { type, submit, find, fake } = await open('/settings/password')
    const change = vi.spyOn(fake, 'changePassword')
    await type('field-password-old', 'wrong')
    await type('field-password', 'a new password')
    await type('field-password-repeat', 'another password')
    await submit()
    expect(change).not.toHaveBeenCalled()
    await type('field-password-repeat', 'a new password')
    await submit()
    expect(find('form-error')?.textContent).toContain('do not belong together')
    await type('field-password-old', 'magpie-1234')
    await submit()
    await vi.waitFor(() => expect(find('toast')?.textContent).toContain('Password changed'))
  })
})

describe('devices', () => {
  it('are listed, and say why where they cannot be', async () => {
    const { all, find, fake, router } = await open('/settings/devices')
    await vi.waitFor(() => expect(all('device-item')).toHaveLength(3))
    fake.setOnline(false)
    await router.push('/settings/about')
    await router.push('/settings/devices')
    await vi.waitFor(() => expect(find('form-error')?.textContent).toContain('Nothing answers there'))
  })
})

describe('signing out', () => {
  it('asks first, and leads to signing in', async () => {
    const { click, find, fake } = await open('/settings')
    await click('sign-out')
    expect(fake.world.state.account).not.toBeNull()
    await click('confirm')
    await vi.waitFor(() => expect(find('view-sign-in')).not.toBeNull())
    expect(fake.world.state.account).toBeNull()
  })

  it('offers the account that was left, whichever server was chosen before', async () => {
    const { click, find } = await open('/settings')
    useStart().choose(await platform().checkServer('https://chat.example.org'))
    await click('sign-out')
    await click('confirm')
    await vi.waitFor(() => expect(find('view-sign-in')).not.toBeNull())
    expect(find('remembered-account')).not.toBeNull()
    expect(find('field-login')).toBeNull()
  })

  it('is offered where another device ended this one', async () => {
    const { find, fake } = await open('/settings')
    fake.emit({ type: 'signed_out', failure: { code: 'session_ended', message: '', retry_after_ms: null } })
    await settle()
    expect(find('link-line')?.textContent).toContain('This device was signed out')
    find('link-line')?.querySelector('button')?.click()
    await vi.waitFor(() => expect(find('view-sign-in')).not.toBeNull())
  })
})

describe('the link line', () => {
  it('is there only while something is to be said', async () => {
    const { find, fake } = await open('/settings')
    expect(find('link-line')).toBeNull()
    fake.emit({ type: 'link', link: { state: 'connecting', since: Date.now() } })
    await settle()
    expect(find('link-line')?.textContent).toContain('Restoring')
    fake.emit({ type: 'link', link: { state: 'online' } })
    await settle()
    expect(find('link-line')).toBeNull()
  })
})
