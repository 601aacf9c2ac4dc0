/**
 * Copies a text. Where the page may not use the clipboard by itself, as in some versions of
 * WebKitGTK, a selected field is copied as the user's own Ctrl+C would.
 */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    copyBySelection(text)
  }
}

function copyBySelection(text: string): void {
  const focused = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'visually-hidden'
  document.body.append(field)
  field.select()
  const run: unknown = Reflect.get(document, 'execCommand')
  const copied = typeof run === 'function' && Reflect.apply(run, document, ['copy']) === true
  field.remove()
  if (focused instanceof HTMLElement) {
    focused.focus({ preventScroll: true })
  }
  if (!copied) {
    throw new Error('the clipboard refused')
  }
}
