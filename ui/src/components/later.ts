/** How long the first list may take to be painted, in milliseconds, before what is needed later is fetched. */
const PATIENCE = 500

/** Has what `fetch` brings fetched soon after the start, which need not wait for it, or when it is asked for. */
export function later<T>(fetch: () => Promise<T>): () => Promise<T> {
  // Whoever asks for it hears of a failure.
  setTimeout(() => void fetch().catch(() => undefined), PATIENCE)
  return fetch
}
