/// <reference types="vite/client" />

/** What `build/emoji.ts` makes of emojibase-data. */
declare module 'virtual:emoji' {
  /** Tags are separated by `|` and in lower case; the lightest form is empty where there are no skin tones. */
  export type EmojiRow = readonly [
    unicode: string,
    group: number,
    lightest: string,
    english: string,
    englishTags: string,
    chinese: string,
    chineseTags: string,
  ]
  const rows: readonly EmojiRow[]
  export default rows
}

/** What `build/licences.ts` makes of the lock file. */
declare module 'virtual:licences' {
  const list: readonly (readonly [name: string, version: string, licence: string])[]
  export default list
}
