/** Lists what the page is made of, with the licence of each: all that is not for building it alone. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const NAME = 'virtual:licences'
const LOCK = fileURLToPath(new URL('../package-lock.json', import.meta.url))

interface Locked {
  readonly packages: Record<string, { version?: string; license?: string; dev?: boolean; optional?: boolean }>
}

/** Serves {@link NAME}; `src/env.d.ts` says what it holds. */
export function licences(): Plugin {
  return {
    name: 'licences',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? `export default ${JSON.stringify(list())}` : undefined),
  }
}

function list(): [name: string, version: string, licence: string][] {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8')) as Locked
  const lines = Object.entries(packages)
    .filter(([path, one]) => path !== '' && one.dev !== true && one.optional !== true)
    .map(([path, one]): [string, string, string] => [
      path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      one.version ?? '',
      one.license ?? '',
    ])
    .sort(([a], [b]) => a.localeCompare(b))
  // One package may lie in several places.
  return [...new Map(lines.map((line) => [line.join(' '), line])).values()]
}
