import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import ComposerField from './ComposerField.vue'

let wrapper: VueWrapper<InstanceType<typeof ComposerField>>

function field(text = ''): HTMLElement {
  wrapper = mount(ComposerField, {
    attachTo: document.body,
    props: { text, label: 'Write to Bob', placeholder: 'Write a message' },
  })
  const element = wrapper.element as HTMLElement
  element.focus()
  return element
}

const changes = (): unknown[] => (wrapper.emitted('change') ?? []).map(([text]) => text)

function paste(element: HTMLElement, data: Record<string, string>): Event {
  const event = new Event('paste', { bubbles: true, cancelable: true })
  Object.assign(event, { clipboardData: { getData: (type: string) => data[type] ?? '' } })
  element.dispatchEvent(event)
  return event
}

afterEach(() => wrapper.unmount())

describe('the text field', () => {
  it('begins with what was begun before', () => {
    expect(field('half a sent').textContent).toBe('half a sent')
  })

  it('sends on Enter, breaks the line on Shift+Enter', async () => {
    field('one')
    await wrapper.trigger('keydown', { key: 'Enter', shiftKey: true })
    expect(wrapper.emitted('send')).toBeUndefined()
    expect(changes()).toEqual(['one\n'])
    await wrapper.trigger('keydown', { key: 'Enter' })
    expect(wrapper.emitted('send')).toHaveLength(1)
  })

  it('leaves Enter to the input method', async () => {
    field('nihao')
    await wrapper.trigger('keydown', { key: 'Enter', isComposing: true })
    await wrapper.trigger('keydown', { key: 'Enter', keyCode: 229 })
    expect(wrapper.emitted('send')).toBeUndefined()
    expect(changes()).toEqual([])
  })

  it('takes what is pasted as plain text', () => {
    const element = field('see ')
    const event = paste(element, { 'text/plain': 'a\r\n<b>b</b>', 'text/html': '<b>bold</b>' })
    expect(event.defaultPrevented).toBe(true)
    expect(changes()).toEqual(['see a\n<b>b</b>'])
    expect(element.querySelector('b')).toBeNull()
  })

  it('takes emoji where the caret was', () => {
    const element = field('goodday')
    const range = document.createRange()
    range.setStart(element.firstChild ?? element, 4)
    document.getSelection()?.removeAllRanges()
    document.getSelection()?.addRange(range)
    element.blur()
    element.dispatchEvent(new Event('blur'))
    document.getSelection()?.removeAllRanges()
    wrapper.vm.insert('👋')
    wrapper.vm.insert('🎉')
    expect(changes().at(-1)).toBe('good👋🎉day')
  })

  it('says what it is', () => {
    const element = field()
    expect(element.getAttribute('role')).toBe('textbox')
    expect(element.getAttribute('aria-label')).toBe('Write to Bob')
    expect(element.getAttribute('aria-multiline')).toBe('true')
  })
})
