import { commands, events } from './bindings'
import type { Platform } from './platform'

/** The real host. */
export const tauri: Platform = {
  ...commands,
  listen: (handler) => events.coreMessage.listen(({ payload }) => handler(payload)),
  listenShell: (handler) => events.shellMessage.listen(({ payload }) => handler(payload)),
}
