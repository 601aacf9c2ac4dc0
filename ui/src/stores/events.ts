import { platform, type CoreEvent } from '@/platform'

type Of<T extends CoreEvent['type']> = Extract<CoreEvent, { type: T }>
type Handler = (event: CoreEvent) => void

const handlers = new Map<CoreEvent['type'], Set<Handler>>()

/** Calls `handler` with every event of a type from now on; the answer ends that. */
export function onEvent<T extends CoreEvent['type']>(type: T, handler: (event: Of<T>) => void): () => void {
  const some = handlers.get(type) ?? new Set<Handler>()
  const one: Handler = (event) => handler(event as Of<T>)
  some.add(one)
  handlers.set(type, some)
  return () => some.delete(one)
}

/** Begins to pass the platform's events on. Called once, before the first state is read. */
export function startEvents(): Promise<() => void> {
  return platform().listen((event) => handlers.get(event.type)?.forEach((handler) => handler(event)))
}
