import { mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import UiButton from './UiButton.vue'

it('takes no clicks while it is at work, and keeps the focus', async () => {
  const [click, submit] = [vi.fn(), vi.fn((event: Event) => event.preventDefault())]
  const form = document.createElement('form')
  form.addEventListener('submit', submit)
  document.body.append(form)
  const wrapper = mount(UiButton, { attachTo: form, props: { type: 'submit' }, attrs: { onClick: click } })
  const { element } = wrapper
  element.focus()
  element.click()
  expect([click.mock.calls.length, submit.mock.calls.length]).toEqual([1, 1])
  await wrapper.setProps({ busy: true })
  element.click()
  expect([click.mock.calls.length, submit.mock.calls.length]).toEqual([1, 1])
  expect(document.activeElement).toBe(element)
  expect(element.getAttribute('aria-disabled')).toBe('true')
  wrapper.unmount()
  form.remove()
})
