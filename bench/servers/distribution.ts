import { mkdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { blobDirectory, writeRepositories, writeTags } from './distribution-layout.ts'
import { freePort, launch } from './instance.ts'
import type { Product } from './product.ts'

/** The release that Berth's figures are held against. */
export function distribution3(): Product {
  const gopath = process.env.GOPATH ?? join(homedir(), 'go')
  return distribution({
    key: 'distribution3',
    name: 'distribution 3.1.1',
    executable: found(
      [join(gopath, 'bin/registry')],
      'go install github.com/distribution/distribution/v3/cmd/registry@v3.1.1 (or --without-peers)',
    ),
    pagesTags: true,
  })
}

/** Debian's package, distribution 2.8: what `registry:2` runs. */
export function distribution2(): Product {
  return distribution({
    key: 'distribution2',
    name: 'distribution 2.8',
    executable: found(['/usr/bin/docker-registry'], 'apt-get install docker-registry (or --without-peers)'),
    pagesTags: false,
  })
}

export class NotInstalled extends Error {}

/** @throws NotInstalled */
export function found(candidates: readonly string[], remedy: string): string {
  const path = candidates.map((candidate) => Bun.which(candidate)).find(Boolean)
  if (!path) throw new NotInstalled(`${candidates.join(' or ')} is not installed: ${remedy}`)
  return path
}

function distribution(about: Pick<Product, 'key' | 'name' | 'executable' | 'pagesTags'>): Product {
  return {
    ...about,
    listingsFolder: 'distribution',
    start: async (data) => {
      await mkdir(data, { recursive: true })
      const port = await freePort()
      // The configuration and the log bear the product's name: two products may share one directory.
      const files = `${data}.${about.key}`
      await Bun.write(`${files}.yml`, configuration({ data, port }))
      return launch({
        data,
        port,
        log: `${files}.log`,
        command: [about.executable, 'serve', `${files}.yml`],
        // Distribution 3 sends traces to a collector on this machine unless told otherwise.
        env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
      })
    },
    addTags: (instance, tags) => writeTags(instance.data, tags),
    addRepositories: (instance, names) => writeRepositories(instance.data, names),
    dropBlob: ({ data }, digest) => rm(blobDirectory(data, digest), { recursive: true, force: true }),
  }
}

function configuration({ data, port }: { data: string; port: number }): string {
  return `version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: ${data}
  cache:
    blobdescriptor: inmemory
  delete:
    enabled: true
  maintenance:
    uploadpurging:
      enabled: false
http:
  addr: 127.0.0.1:${port}
  secret: benchmark
`
}
