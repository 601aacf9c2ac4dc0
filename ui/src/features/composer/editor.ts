/**
 * The text field of the composer, as operations on a contenteditable element that holds plain text
 * only.
 *
 * Engines differ in how they write a line break into such an element (a newline, `<br>`, a block),
 * so reading takes all of these, and writing makes newlines.
 */

const BLOCKS = new Set(['DIV', 'P', 'LI', 'PRE', 'BLOCKQUOTE'])

/** Reads the text. An engine's filler, which makes an empty last line visible, is left out. */
export function readText(root: HTMLElement): string {
  let text = ''
  /** The last line break only opens the line that the next character will stand in. */
  let filler = false
  let closed = false
  const dropFiller = (): void => {
    if (filler) {
      text = text.slice(0, -1)
      filler = false
    }
  }
  const add = (more: string): void => {
    if (closed) {
      text += '\n'
      closed = false
    }
    text += more
    filler = more.endsWith('\n')
  }
  const visit = (node: Node): void => {
    if (node instanceof Text) {
      if (node.data !== '') {
        add(node.data)
      }
    } else if (node instanceof HTMLElement && node.tagName === 'BR') {
      add('\n')
    } else if (node instanceof HTMLElement && BLOCKS.has(node.tagName)) {
      closed ||= text !== '' && !filler
      add('')
      node.childNodes.forEach(visit)
      dropFiller()
      closed = true
    } else {
      node.childNodes.forEach(visit)
    }
  }
  root.childNodes.forEach(visit)
  dropFiller()
  return text.replaceAll('\u00A0', ' ').replaceAll('\r\n', '\n')
}

/** Replaces everything and puts the caret at the end. */
export function writeText(root: HTMLElement, text: string): void {
  const shown = text.endsWith('\n') ? `${text}\n` : text
  root.replaceChildren(...(shown === '' ? [] : [shown]))
  if (root.ownerDocument.activeElement === root) {
    caretToEnd(root)
  }
}

/** Returns the selection inside the field, to come back to it after the focus was elsewhere. */
export function caretOf(root: HTMLElement): Range | null {
  const selection = root.ownerDocument.getSelection()
  if (selection === null || selection.rangeCount === 0) {
    return null
  }
  const range = selection.getRangeAt(0)
  return root.contains(range.commonAncestorContainer) ? range.cloneRange() : null
}

/** Puts the caret where it was, or at the end where that place is gone. */
export function restoreCaret(root: HTMLElement, range: Range | null): void {
  if (range === null || !root.contains(range.commonAncestorContainer)) {
    caretToEnd(root)
    return
  }
  select(root, range)
}

export function caretToEnd(root: HTMLElement): void {
  const range = root.ownerDocument.createRange()
  range.selectNodeContents(root)
  const last = root.lastChild
  if (last instanceof Text && last.data.endsWith('\n')) {
    // Before the filler, not after it.
    range.setEnd(last, last.data.length - 1)
  }
  range.collapse(false)
  select(root, range)
}

/**
 * Puts text in place of the selection (at `caret`, where it is given) and the caret behind it.
 *
 * The engine's own command is preferred, because its work can be undone with Ctrl+Z.
 */
export function insertText(root: HTMLElement, text: string, caret?: Range | null): void {
  root.focus({ preventScroll: true })
  restoreCaret(root, caret ?? caretOf(root))
  if (!command(root, 'insertText', text)) {
    insertByRange(root, text)
    root.dispatchEvent(new Event('input', { bubbles: true }))
  }
}

/** Breaks the line at the caret. */
export function insertLineBreak(root: HTMLElement): void {
  if (!command(root, 'insertLineBreak')) {
    insertByRange(root, '\n')
    root.dispatchEvent(new Event('input', { bubbles: true }))
  }
}

function insertByRange(root: HTMLElement, text: string): void {
  restoreCaret(root, caretOf(root))
  const range = caretOf(root)
  if (range === null) {
    return
  }
  range.deleteContents()
  const node = root.ownerDocument.createTextNode(text)
  range.insertNode(node)
  const after = root.ownerDocument.createRange()
  after.setStart(node, text.length)
  after.collapse(true)
  select(root, after)
  if (text.endsWith('\n') && readsToEnd(root, node)) {
    node.after('\n')
  }
}

/** Tells whether nothing stands behind a node. */
function readsToEnd(root: HTMLElement, node: Text): boolean {
  const rest = root.ownerDocument.createRange()
  rest.selectNodeContents(root)
  rest.setStartAfter(node)
  return rest.toString() === ''
}

function select(root: HTMLElement, range: Range): void {
  const selection = root.ownerDocument.getSelection()
  selection?.removeAllRanges()
  selection?.addRange(range)
}

function command(root: HTMLElement, name: string, value?: string): boolean {
  const run: unknown = Reflect.get(root.ownerDocument, 'execCommand')
  return (
    typeof run === 'function' &&
    Boolean(Reflect.apply(run, root.ownerDocument, [name, false, value]))
  )
}
