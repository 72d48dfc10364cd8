import { existsSync, statSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { forEachConcurrently } from '../load/concurrently.ts'
import { emptyIndex, pushManifest } from '../load/push.ts'
import { freePort, launch } from './instance.ts'
import type { Product } from './product.ts'

const root = join(import.meta.dir, '../..')
const pushesAtOnce = 64

export interface BerthVariant {
  readonly key: string
  readonly name: string
  readonly executable: string
  readonly logLevel: 'error' | 'info'
}

export function berth({ key, name, executable, logLevel }: BerthVariant): Product {
  return {
    key,
    name,
    executable,
    pagesTags: true,
    listingsFolder: key,
    start: async (data) => {
      await mkdir(data, { recursive: true })
      const port = await freePort()
      const listen = `127.0.0.1:${port}`
      return launch({
        data,
        port,
        log: `${data}.log`,
        command: [executable, 'serve', '--listen', listen, '--data', data, '--log-level', logLevel],
        env: withoutSettings(process.env),
      })
    },
    addTags: ({ url }, { repository, names }) =>
      forEachConcurrently(names, pushesAtOnce, (tag) =>
        pushManifest({ url, repository, reference: tag, manifest: emptyIndex }),
      ),
    addRepositories: ({ url }, names) =>
      forEachConcurrently(names, pushesAtOnce, (repository) =>
        pushManifest({ url, repository, reference: 'latest', manifest: emptyIndex }),
      ),
  }
}

/** The compiled binary, unless the source has changed since. */
export async function chooseBerth(): Promise<string> {
  const compiled = join(root, 'dist/berth')
  const source = join(root, 'bin/berth')
  if (!existsSync(compiled)) return source
  const built = statSync(compiled).mtimeMs
  const files = await readdir(join(root, 'src'), { recursive: true, withFileTypes: true })
  const stale = files.some(
    (file) => file.isFile() && statSync(join(file.parentPath, file.name)).mtimeMs > built,
  )
  return stale ? source : compiled
}

/** What the caller's shell sets for a Berth of his own must not change what is measured. */
function withoutSettings(env: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('BERTH_')))
}
