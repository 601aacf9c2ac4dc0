import { platform, type CoreEvent, type ShellEvent } from '@/platform'

type Named = { type: string }
type Of<E extends Named, T extends E['type']> = Extract<E, { type: T }>

/** Passes events on to those who asked for their type. */
class Hub<E extends Named> {
  private readonly handlers = new Map<E['type'], Set<(event: E) => void>>()

  on<T extends E['type']>(type: T, handler: (event: Of<E, T>) => void): () => void {
    const some = this.handlers.get(type) ?? new Set<(event: E) => void>()
    const one = (event: E): void => handler(event as Of<E, T>)
    some.add(one)
    this.handlers.set(type, some)
    return () => some.delete(one)
  }

  pass(event: E): void {
    this.handlers.get(event.type)?.forEach((handler) => handler(event))
  }
}

const core = new Hub<CoreEvent>()
const shell = new Hub<ShellEvent>()

/** Calls `handler` with every event of a type from now on; the answer ends that. */
export function onEvent<T extends CoreEvent['type']>(type: T, handler: (event: Of<CoreEvent, T>) => void): () => void {
  return core.on(type, handler)
}

/** The same for what the shell says of the app itself. */
export function onShellEvent<T extends ShellEvent['type']>(
  type: T,
  handler: (event: Of<ShellEvent, T>) => void,
): () => void {
  return shell.on(type, handler)
}

/** Begins to pass the platform's events on. Called once, before the first state is read. */
export async function startEvents(): Promise<() => void> {
  const stops = await Promise.all([
    platform().listen((event) => core.pass(event)),
    platform().listenShell((event) => shell.pass(event)),
  ])
  return () => stops.forEach((stop) => stop())
}
