/** A part of what is said about a version. */
export type NoteBlock = { kind: 'heading' | 'text'; text: string } | { kind: 'list'; items: string[] }

/** Written without spaces between the words, so that a line of it is joined to the next without one. */
const UNSPACED = /[\p{Script=Han}\u3000-\u303F\uFF00-\uFFEF]/u

/**
 * Reads the Markdown that changelogs are written in: headings, lists, and lines that go on in the
 * next one. Marks within a line are left out, and nothing of it becomes HTML.
 */
export function releaseNotes(markdown: string): NoteBlock[] {
  const blocks: NoteBlock[] = []
  /** Takes the next line in, where that goes on with the one before. */
  let goOn: ((line: string) => void) | null = null
  for (const line of markdown.split('\n').map((one) => one.trim())) {
    const heading = /^#{1,6}\s+(.*)$/u.exec(line)?.[1]
    const item = /^[-*+]\s+(.*)$/u.exec(line)?.[1]
    if (line === '') {
      goOn = null
    } else if (heading !== undefined) {
      blocks.push({ kind: 'heading', text: plain(heading) })
      goOn = null
    } else if (item !== undefined) {
      const items = listAtEnd(blocks)
      items.push(plain(item))
      goOn = (more) => items.push(joined(items.pop() ?? '', plain(more)))
    } else if (goOn) {
      goOn(line)
    } else {
      const block = { kind: 'text' as const, text: plain(line) }
      blocks.push(block)
      goOn = (more) => (block.text = joined(block.text, plain(more)))
    }
  }
  return blocks
}

function listAtEnd(blocks: NoteBlock[]): string[] {
  const last = blocks.at(-1)
  if (last?.kind === 'list') {
    return last.items
  }
  const items: string[] = []
  blocks.push({ kind: 'list', items })
  return items
}

function joined(before: string, after: string): string {
  const unspaced = UNSPACED.test(before.slice(-1)) && UNSPACED.test(after.slice(0, 1))
  return `${before}${unspaced ? '' : ' '}${after}`
}

function plain(line: string): string {
  return line
    .replace(/\[([^\]]*)\]\([^)]*\)/gu, '$1')
    .replace(/(\*\*|__|`)(.+?)\1/gu, '$2')
}
