import { afterEach, describe, expect, it } from 'vitest'
import type { FailureCode } from '@/platform'
import { failureText } from './failure'
import { currentLocale, setLanguage, t } from './index'

afterEach(() => setLanguage('en', null))

describe('the language', () => {
  it('follows the system where it speaks it, and is English elsewhere', () => {
    setLanguage('system', 'zh-Hans-CN')
    expect(currentLocale()).toBe('zh-CN')
    expect(document.documentElement.lang).toBe('zh-CN')
    setLanguage('system', 'fr-FR')
    expect(currentLocale()).toBe('en')
  })

  it('can be set against the system', () => {
    setLanguage('zh-CN', 'en-GB')
    expect(t('common.close')).toBe('关闭')
  })

  it('counts', () => {
    setLanguage('en', null)
    expect([0, 1, 5].map((n) => t('shell.unreadCount', { n }))).toEqual([
      'no unread messages',
      '1 unread message',
      '5 unread messages',
    ])
  })
})

describe('failures', () => {
  it('say how long to wait', () => {
    setLanguage('en', null)
    expect(failureText({ code: 'request_too_soon', retry_after_ms: 5 * 3_600_000 })).toContain('5 hours')
    setLanguage('zh-CN', null)
    expect(failureText({ code: 'request_too_soon', retry_after_ms: 90_000 })).toContain('2分钟')
  })

  it('of a newer version are worded as unknown', () => {
    const code = 'from_the_future' as FailureCode
    expect(failureText({ code })).toContain('Update Magpie')
  })
})
