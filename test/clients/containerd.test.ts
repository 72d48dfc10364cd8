// Budget: 20 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { type Containerd, startContainerd } from '../support/containerd.ts'
import { type Layout, writeLayout } from '../support/oci-layout.ts'
import { requireTools } from '../support/require.ts'
import { servedImage } from '../support/served-image.ts'
import { startSeveringProxy } from '../support/severing-proxy.ts'

const ready = requireTools(['containerd', 'ctr', 'skopeo', 'tar'], { asRoot: true })

describe.skipIf(!ready)('containerd', () => {
  let berth: RunningBerth
  let containerd: Containerd
  let registry: string
  let single: Layout
  let index: Layout
  const ctr: Containerd['ctr'] = (...args) => containerd.ctr(...args)

  beforeAll(async () => {
    berth = await startBerth()
    registry = `127.0.0.1:${berth.port}`
    const base = { 'etc/name': 'berth\n' }
    single = await writeLayout([{ architecture: 'amd64', layers: [base, { 'etc/motd': 'ahoy\n' }] }])
    index = await writeLayout([
      { architecture: 'amd64', layers: [base, { 'etc/machine': 'amd64\n' }] },
      { architecture: 'arm64', layers: [base, { 'etc/machine': 'arm64\n' }] },
    ])
    containerd = await startContainerd()
  })

  afterAll(async () => {
    await containerd?.stop()
    await berth?.stop()
  })

  /** Has skopeo push a layout, so that containerd holds nothing of it yet. */
  async function seed(layout: Layout, name: string): Promise<void> {
    await run('skopeo', [
      ...['--insecure-policy', 'copy', '--all', '--dest-tls-verify=false'],
      ...[`oci:${layout.directory}:latest`, `docker://${registry}/${name}`],
    ])
  }

  /** Pulls for linux/amd64, whatever this machine is, with the storage that needs nothing of the kernel. */
  function pull(image: string, ...flags: string[]): Promise<string> {
    const platform = flags.includes('--all-platforms') ? [] : ['--platform', 'linux/amd64']
    return ctr('images', 'pull', '--plain-http', '--snapshotter', 'native', ...platform, ...flags, image)
  }

  async function fileIn(image: string, path: string): Promise<string> {
    const directory = await temporaryDirectory()
    const platform = ['--platform', 'linux/amd64']
    await ctr('images', 'mount', '--snapshotter', 'native', ...platform, image, directory)
    const content = await Bun.file(join(directory, path)).text()
    await ctr('images', 'unmount', '--snapshotter', 'native', '--rm', directory)
    return content
  }

  /** Removes the images with all their content, so that the next pull starts from nothing. */
  async function remove(...images: string[]): Promise<void> {
    await ctr('images', 'rm', '--sync', ...images)
    expect(await containerd.held()).toEqual([])
  }

  test('pulls an image by tag and by digest, and unpacks it', async () => {
    await seed(single, 'pulled:1')
    for (const reference of [':1', `@${single.digest}`]) {
      const image = `${registry}/pulled${reference}`
      await pull(image)
      expect(await containerd.held()).toEqual([...single.digests])
      expect(await fileIn(image, 'etc/motd')).toBe('ahoy\n')
      expect(await fileIn(image, 'etc/name')).toBe('berth\n')
      await remove(image)
    }
  })

  test('pulls only the platform it needs from an index', async () => {
    await seed(index, 'platform:1')
    const image = `${registry}/platform:1`
    await pull(image)
    expect(await fileIn(image, 'etc/machine')).toBe('amd64\n')
    expect((await containerd.held()).length).toBeLessThan(index.digests.length)
    await remove(image)
  })

  test('round-trips an index with all its platforms', async () => {
    await seed(index, 'origin:1')
    const [origin, copy] = [`${registry}/origin:1`, `${registry}/copies/of/origin:2`]
    await ctr('content', 'fetch', '--plain-http', '--all-platforms', origin)
    expect(await containerd.held()).toEqual([...index.digests])
    await ctr('images', 'tag', origin, copy)
    await ctr('images', 'push', '--plain-http', copy)
    const served = await servedImage(berth.url, { repository: 'copies/of/origin', reference: '2' })
    expect(served).toMatchObject({ digest: index.digest, digests: index.digests })
    await remove(origin, copy)
    await pull(copy, '--all-platforms')
    expect(await containerd.held()).toEqual([...index.digests])
    await remove(copy)
  })

  test('pushes what it imported, and pushes it again', async () => {
    const archive = join(await temporaryDirectory(), 'layout.tar')
    await run('tar', ['-C', single.directory, '-cf', archive, 'oci-layout', 'index.json', 'blobs'])
    const image = `${registry}/imported:latest`
    await ctr(
      'images',
      'import',
      '--no-unpack',
      '--all-platforms',
      '--base-name',
      `${registry}/imported`,
      archive,
    )
    for (let time = 0; time < 2; time++) {
      await ctr('images', 'push', '--plain-http', image)
      const served = await servedImage(berth.url, { repository: 'imported', reference: 'latest' })
      expect(served).toMatchObject({ digest: single.digest, digests: single.digests })
    }
    await remove(image)
  })

  test('pulls docker.io/library/nginx from the registry as a mirror', async () => {
    await seed(single, 'library/nginx:latest')
    const hosts = await temporaryDirectory()
    await mkdir(join(hosts, 'docker.io'))
    await Bun.write(
      join(hosts, 'docker.io/hosts.toml'),
      `server = "${berth.url}"\n[host."${berth.url}"]\n  capabilities = ["pull", "resolve"]\n`,
    )
    const image = 'docker.io/library/nginx:latest'
    const platform = ['--platform', 'linux/amd64']
    await ctr('images', 'pull', '--hosts-dir', hosts, '--snapshotter', 'native', ...platform, image)
    expect(await containerd.held()).toEqual([...single.digests])
    await remove(image)
  })

  test('resumes a layer after its connection broke', async () => {
    const noise = () => crypto.getRandomValues(new Uint8Array(48 * 1024)).toBase64()
    const files = Object.fromEntries(Array.from({ length: 256 }, (_, number) => [`noise/${number}`, noise()]))
    const large = await writeLayout([{ architecture: 'amd64', layers: [files] }])
    await seed(large, 'severed:1')
    const proxy = await startSeveringProxy({ to: berth.port, after: 4 * 1024 * 1024 })
    const image = `127.0.0.1:${proxy.port}/severed:1`
    await pull(image)
    proxy.stop()
    expect(proxy.severed()).toBeTrue()
    expect(Math.max(...proxy.resumedAt())).toBeGreaterThan(1024 * 1024)
    expect(await containerd.held()).toEqual([...large.digests])
    await remove(image)
  })
})
