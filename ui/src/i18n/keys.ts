import type { Messages } from '@/locales/en'

type Paths<T> = {
  [K in keyof T & string]: T[K] extends string ? K : `${K}.${Paths<T[K]>}`
}[keyof T & string]

/** The name of a text, e.g. `common.close`. */
export type MessageKey = Paths<Messages>
