import { describe, expect, it } from 'vitest'

import { toPieces } from './links'

const links = (text: string): [string, string | undefined][] =>
  toPieces(text).flatMap(({ text: shown, href }) => (href === undefined ? [] : [[shown, href]]))

describe('links', () => {
  it.each([
    ['see https://example.com/a?b=c#d.', 'https://example.com/a?b=c#d', 'https://example.com/a?b=c#d'],
    ['www.example.org', 'www.example.org', 'https://www.example.org'],
    ['to bob@example.com!', 'bob@example.com', 'mailto:bob@example.com'],
    ['看https://example.com/a吧，很好', 'https://example.com/a', 'https://example.com/a'],
    ['（https://example.com）', 'https://example.com', 'https://example.com'],
  ])('are found in %j', (text, shown, href) => {
    expect(links(text)).toEqual([[shown, href]])
  })

  it.each(['javascript:alert(1)', 'file:///etc/passwd', 'ftp://example.com/x', 'data:text/html,x', '1.5', 'a.b'])(
    'are not made of %s',
    (text) => {
      expect(links(text).filter(([, href]) => !/^(https?|mailto):/.test(href ?? ''))).toEqual([])
    },
  )

  it.each(['one https://a.com two\nwww.b.org', '', '看https://例子.中国/路 吧', 'a@b.com,c@d.com'])(
    'leave the text %j whole',
    (text) => {
      expect(
        toPieces(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text)
    },
  )
})
