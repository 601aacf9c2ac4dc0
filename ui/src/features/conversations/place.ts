/** Where the list was scrolled to, to come back there from another view. */
export const place = { offset: 0 }
