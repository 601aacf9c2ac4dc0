import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import UiSearchField from './UiSearchField.vue'

it('is emptied by Escape, which an input method may need for itself', async () => {
  const wrapper = mount(UiSearchField, {
    props: {
      label: 'Search',
      modelValue: 'mei',
      'onUpdate:modelValue': (modelValue: string): void => {
        void wrapper.setProps({ modelValue })
      },
    },
  })
  const input = wrapper.get('input')
  await input.trigger('keydown', { key: 'Escape', isComposing: true })
  expect(input.element.value).toBe('mei')
  await input.trigger('keydown', { key: 'Escape' })
  expect(input.element.value).toBe('')
  expect(wrapper.find('button').exists()).toBe(false)
  wrapper.unmount()
})
