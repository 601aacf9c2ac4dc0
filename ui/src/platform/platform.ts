import type { CoreEvent, commands } from './bindings'

/** Stops what was begun. */
export type Stop = () => void

/**
 * All that the page can ask of its host, and the one stream of events from it.
 *
 * Every call rejects with a {@link import('./bindings').Failure}.
 */
export type Platform = typeof commands & {
  /** Calls `handler` with every event from now on, in order. */
  listen: (handler: (event: CoreEvent) => void) => Promise<Stop>
}
