import { defineStore } from 'pinia'
import { ref } from 'vue'
import { failureText } from '@/i18n/failure'
import { toFailure } from '@/platform'

/** A short word to the user that goes away by itself. */
export interface Toast {
  id: number
  tone: 'info' | 'good' | 'bad'
  text: string
}

export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([])
  let last = 0

  /** Shows a text. */
  function show(text: string, tone: Toast['tone'] = 'info'): void {
    last += 1
    toasts.value = [...toasts.value.filter((one) => one.text !== text), { id: last, tone, text }].slice(-4)
  }

  /** Shows what a call was rejected with. */
  function showFailure(error: unknown): void {
    show(failureText(toFailure(error)), 'bad')
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((one) => one.id !== id)
  }

  function clear(): void {
    toasts.value = []
  }

  return { toasts, show, showFailure, dismiss, clear }
})
