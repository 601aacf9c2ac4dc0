import { tokenize } from 'linkifyjs'

/** A stretch of a text, with an address where it is a link. */
export interface Piece {
  readonly text: string
  readonly href: string | undefined
}

/** Where a link may lead: the browser or the mail program, and nowhere else. */
const SCHEMES = /^(?:https?:\/\/|mailto:)/i

/** Chinese runs on without a space behind an address, and is seldom part of one. */
const FOREIGN = /[\u3000-\u303F\u3040-\u30FF\u3400-\u9FFF\uF900-\uFAFF\uFF00-\uFFEF]/u

/** Parts a text into links and what stands between them. Together the pieces are the text. */
export function toPieces(text: string): Piece[] {
  const pieces: Piece[] = []
  for (const token of tokenize(text)) {
    const written = token.v
    const href = token.isLink ? token.toHref('https') : ''
    if (!SCHEMES.test(href)) {
      add(pieces, written)
      continue
    }
    const end = written.search(FOREIGN)
    if (end < 0) {
      pieces.push({ text: written, href })
    } else if (linkable(written.slice(0, end))) {
      pieces.push(...toPieces(written.slice(0, end)))
      add(pieces, written.slice(end))
    } else {
      add(pieces, written)
    }
  }
  return pieces
}

function linkable(start: string): boolean {
  return tokenize(start).some(({ isLink }) => isLink)
}

function add(pieces: Piece[], text: string): void {
  const last = pieces.at(-1)
  if (last !== undefined && last.href === undefined) {
    pieces[pieces.length - 1] = { text: last.text + text, href: undefined }
  } else {
    pieces.push({ text, href: undefined })
  }
}
