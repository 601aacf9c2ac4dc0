/**
 * Tells whether something lies over the window that is to be answered first, such as a dialog: then
 * all else is hidden from the keyboard. Parts that speak by themselves, and what they lie in, are
 * not marked; so it is the mark that is looked for, not the place.
 */
export function isCovered(): boolean {
  return document.querySelector('[data-aria-hidden="true"]') !== null
}
