import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { caretOf, caretToEnd, insertLineBreak, insertText, readText, writeText } from './editor'

let root: HTMLElement

beforeEach(() => {
  root = document.createElement('div')
  root.contentEditable = 'true'
  root.tabIndex = 0
  document.body.append(root)
  root.focus()
})

afterEach(() => {
  root.remove()
})

function caretAt(offset: number): Range {
  const range = document.createRange()
  range.setStart(root.firstChild ?? root, offset)
  range.collapse(true)
  document.getSelection()?.removeAllRanges()
  document.getSelection()?.addRange(range)
  return range
}

describe('reading', () => {
  it.each([
    ['plain', 'plain'],
    ['one\ntwo', 'one\ntwo'],
    ['one<br>two', 'one\ntwo'],
    ['one<br>', 'one'],
    ['one<br><br>', 'one\n'],
    ['<br>', ''],
    ['one\n\n', 'one\n'],
    ['one<div>two</div><div>three</div>', 'one\ntwo\nthree'],
    ['<div>one</div><div><br></div><div>two</div>', 'one\n\ntwo'],
    ['<b>bold</b> text', 'bold text'],
    ['a&nbsp;b', 'a b'],
  ])('takes %j as every engine writes it', (html, text) => {
    root.innerHTML = html
    expect(readText(root)).toBe(text)
  })
})

describe('writing', () => {
  it.each(['', 'one', 'one\ntwo', 'one\n', '\n\n', '👩‍👩‍👧 家'])('gives back %j', (text) => {
    writeText(root, text)
    expect(readText(root)).toBe(text)
  })

  it('never makes elements of what looks like HTML', () => {
    writeText(root, '<img src=x onerror=alert(1)>')
    expect(root.children).toHaveLength(0)
    expect(readText(root)).toBe('<img src=x onerror=alert(1)>')
  })
})

describe('inserting', () => {
  it('puts an emoji in at the caret and the caret behind it', () => {
    writeText(root, 'goodday')
    caretAt(4)
    insertText(root, '👋🏽')
    insertText(root, '🎉')
    expect(readText(root)).toBe('good👋🏽🎉day')
  })

  it('comes back to where the caret was before the focus went elsewhere', () => {
    writeText(root, 'goodday')
    caretAt(4)
    const remembered = caretOf(root)
    const elsewhere = document.createElement('input')
    document.body.append(elsewhere)
    elsewhere.focus()
    document.getSelection()?.removeAllRanges()
    insertText(root, '🎉', remembered)
    elsewhere.remove()
    expect(readText(root)).toBe('good🎉day')
    expect(document.activeElement).toBe(root)
  })

  it('goes to the end when that place is gone', () => {
    writeText(root, 'one')
    const remembered = caretAt(1)
    writeText(root, 'two')
    insertText(root, '!', remembered)
    expect(readText(root)).toBe('two!')
  })

  it('replaces what is selected', () => {
    writeText(root, 'one two')
    const range = caretAt(4)
    range.setEnd(root.firstChild ?? root, 7)
    document.getSelection()?.removeAllRanges()
    document.getSelection()?.addRange(range)
    insertText(root, '2')
    expect(readText(root)).toBe('one 2')
  })

  it('tells that the text changed', () => {
    let told = 0
    root.addEventListener('input', () => (told += 1))
    insertText(root, 'a')
    insertLineBreak(root)
    expect(told).toBe(2)
  })
})

describe('breaking the line', () => {
  it('works in the middle, at the end and twice', () => {
    writeText(root, 'onetwo')
    caretAt(3)
    insertLineBreak(root)
    expect(readText(root)).toBe('one\ntwo')
    caretToEnd(root)
    insertLineBreak(root)
    insertLineBreak(root)
    insertText(root, 'three')
    expect(readText(root)).toBe('one\ntwo\n\nthree')
  })
})
