import { beforeEach, describe, expect, it } from 'vitest'
import { setLanguage } from '@/i18n'
import type { ConversationItem } from '@/platform'
import { lineOf } from './preview'

const ME = 1
const item: ConversationItem = {
  id: 7,
  kind: 'direct',
  title: 'Zoë',
  spelling: '',
  peer: { id: 2, username: 'zoe.w', nickname: 'Zoë Winter', signature: '', gender: 'unspecified', region: '' },
  preview: { sender_id: 2, body: { kind: 'text', text: 'one\n  two' }, delivery: null },
  updated_at: 0,
  unread: 0,
  failed: 0,
  draft: null,
  muted_until: null,
}

beforeEach(() => setLanguage('en', null))

describe('a line of the list', () => {
  it('shows the last message in one line', () => {
    expect(lineOf(item, ME)).toEqual({ text: 'one two', draft: false, mark: undefined })
  })

  it('shows how an own message fares', () => {
    const own = (delivery: NonNullable<ConversationItem['preview']>['delivery'], failed = 0): string | undefined =>
      lineOf({ ...item, failed, preview: { sender_id: ME, body: { kind: 'text', text: 'x' }, delivery } }, ME).mark
    expect(own({ delivery: 'sending' })).toBe('sending')
    expect(own({ delivery: 'stored', state: 'delivered' })).toBe('delivered')
    expect(own({ delivery: 'failed' }, 1)).toBe('failed')
    // An earlier one was refused.
    expect(own({ delivery: 'stored', state: 'read' }, 1)).toBe('failed')
  })

  it('shows the draft instead, except for the conversation that is open', () => {
    const drafted = { ...item, draft: 'half a' }
    expect(lineOf(drafted, ME)).toMatchObject({ text: 'half a', draft: true })
    expect(lineOf(drafted, ME, false)).toMatchObject({ text: 'one two', draft: false })
  })

  it('words what happened from my side, in the language of the app', () => {
    const befriended = (requester: number): string =>
      lineOf(
        {
          ...item,
          preview: {
            sender_id: null,
            delivery: null,
            body: { kind: 'system', event: 'befriended', requester, accepter: requester === ME ? 2 : ME, message: '' },
          },
        },
        ME,
      ).text
    expect(befriended(ME)).toBe('Zoë accepted your request. You are friends now.')
    expect(befriended(2)).toBe('You are friends with Zoë now.')
    setLanguage('zh-CN', null)
    expect(befriended(2)).toBe('你和Zoë现在是好友了。')
  })

  it('says that it cannot show what it does not know', () => {
    const unknown = { sender_id: 2, body: { kind: 'unsupported' }, delivery: null } as const
    expect(lineOf({ ...item, preview: unknown }, ME).text).toContain('cannot show')
    expect(lineOf({ ...item, preview: null }, ME).text).toBe('No messages yet')
  })
})
