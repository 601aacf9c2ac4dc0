import { describe, expect, it } from 'vitest'
import { isProxyAddress } from './proxyAddress'

describe('the address of a proxy', () => {
  it.each(['127.0.0.1:1080', ' proxy.example:8080 ', 'socks5://proxy.example:1080/', '[::1]:9050', 'ming:secret@proxy.example:1080'])(
    'is a host and a port: %s',
    (text) => expect(isProxyAddress(text)).toBe(true),
  )

  it.each(['', ':1080', 'proxy.example', 'proxy.example:0', 'proxy.example:70000', 'a/b:80', 'a b:80', '::1:80', 'proxy.example:80?x'])(
    'is nothing else: %s',
    (text) => expect(isProxyAddress(text)).toBe(false),
  )
})
