import type { CoreEvent, ShellEvent, commands } from './bindings'

/** Stops what was begun. */
export type Stop = () => void

/**
 * All that the page can ask of its host, and its two streams of events: what the core says of chats, and
 * what the shell says of the app itself.
 *
 * Every call rejects with a {@link import('./bindings').Failure}.
 */
export type Platform = typeof commands & {
  /** Calls `handler` with every event from now on, in order. */
  listen: (handler: (event: CoreEvent) => void) => Promise<Stop>
  /** Calls `handler` with every event of the shell from now on, in order. */
  listenShell: (handler: (event: ShellEvent) => void) => Promise<Stop>
}
