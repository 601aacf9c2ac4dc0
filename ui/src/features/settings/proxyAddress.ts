/** Tells whether a text is a proxy's address: host and port, perhaps with a name and a password before them. */
export function isProxyAddress(text: string): boolean {
  const bare = text.trim().replace(/^[a-z0-9]+:\/\//i, '').replace(/\/+$/, '')
  if (bare.length > 512 || /[\s/?#]/u.test(bare)) {
    return false
  }
  const port = Number(/:(\d{1,5})$/.exec(bare)?.[1] ?? 0)
  try {
    return port > 0 && port <= 65_535 && new URL(`socks5h://${bare}`).hostname !== ''
  } catch {
    return false
  }
}
