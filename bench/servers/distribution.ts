import { mkdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run } from '../children.ts'
import { installed, NotInstalled } from '../installed.ts'
import { blobDirectory, writeRepositories, writeTags } from './distribution-layout.ts'
import { freePort, launch } from './instance.ts'
import type { Product } from './product.ts'

/** The release that Berth's figures are held against. */
export async function distribution3(): Promise<Product> {
  const home = process.env.GOPATH ?? join(homedir(), 'go')
  const remedy = 'go install github.com/distribution/distribution/v3/cmd/registry@v3.1.1 (or --without-peers)'
  const executable = installed(join(process.env.GOBIN ?? join(home, 'bin'), 'registry'), remedy)
  await checkVersion(executable, { version: 'v3.1.1', remedy })
  return distribution({ key: 'distribution3', name: 'distribution 3.1.1', executable, pagesTags: true })
}

/** Debian's package, distribution 2.8: what `registry:2` runs. */
export async function distribution2(): Promise<Product> {
  const remedy = 'apt-get install docker-registry (or --without-peers)'
  const executable = installed('/usr/bin/docker-registry', remedy)
  await checkVersion(executable, { version: '2.8', remedy })
  return distribution({ key: 'distribution2', name: 'distribution 2.8', executable, pagesTags: false })
}

async function checkVersion(executable: string, { version, remedy }: { version: string; remedy: string }) {
  const said = (await run([executable, '--version'])).trim()
  if (!said.includes(` ${version}`))
    throw new NotInstalled(`${executable} is not ${version} but '${said}': ${remedy}`)
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
