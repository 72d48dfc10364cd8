// Budget: 30 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { buildContext, emptyStorage, type StorageClient, storedImage } from '../support/container-storage.ts'
import { requireTools } from '../support/require.ts'
import { servedImage } from '../support/served-image.ts'

const ready = requireTools(['buildah', 'busybox'], { asRoot: true })

describe.skipIf(!ready)('buildah', () => {
  let berth: RunningBerth
  let registry: string
  let buildah: StorageClient

  beforeAll(async () => {
    berth = await startBerth()
    registry = `localhost:${berth.port}`
    buildah = await emptyStorage('buildah')
  })

  afterAll(async () => {
    await berth?.stop()
  })

  async function build(image: string, ...flags: string[]): Promise<void> {
    const context = await buildContext(image)
    await buildah('build', '--isolation', 'chroot', '--layers', ...flags, '--tag', image, context)
  }

  /** Runs a command in a container of the image and removes the container. */
  async function runImage(image: string, ...command: string[]): Promise<string> {
    const container = (await buildah('from', '--pull-never', image)).trim()
    const printed = await buildah('run', '--isolation', 'chroot', container, '--', ...command)
    await buildah('rm', container)
    return printed
  }

  for (const format of ['oci', 'docker'] as const) {
    test(`round-trips an image that it built, in ${format} format`, async () => {
      const local = `localhost/${format}:1`
      const remote = `${registry}/built/${format}:1`
      await build(local, '--format', format)
      const content = await storedImage(buildah, local)
      await buildah('push', '--tls-verify=false', local, `docker://${remote}`)

      const served = await servedImage(berth.url, { repository: `built/${format}`, reference: '1' })
      expect(served.mediaType).toContain(format)
      expect(served.manifest.config?.digest).toBe(`sha256:${content.id}`)
      expect(served.manifest.layers).toHaveLength(content.layers.length)

      for (const name of [remote, `${registry}/built/${format}@${served.digest}`]) {
        await buildah('rmi', '--all', '--force')
        await buildah('pull', '--tls-verify=false', name)
        expect(await storedImage(buildah, name)).toEqual(content)
        expect(await runImage(name, 'cat', '/etc/greeting', '/etc/built')).toBe(`${local}\nbuilt\n`)
        expect(await runImage(name, 'sh', '-c', 'echo $SHIP; ls /bin/wget || echo gone')).toBe(
          'berth\ngone\n',
        )
      }
    })
  }

  test('builds on an image that it pulls', async () => {
    await build('localhost/base:1')
    await buildah('push', '--tls-verify=false', 'localhost/base:1', `docker://${registry}/base:1`)
    await buildah('rmi', '--all', '--force')
    const container = (await buildah('from', '--tls-verify=false', `${registry}/base:1`)).trim()
    await buildah('config', '--label', 'on=top', container)
    await buildah('commit', '--tls-verify=false', container, `docker://${registry}/top:1`)
    await buildah('rm', container)
    const base = await servedImage(berth.url, { repository: 'base', reference: '1' })
    const top = await servedImage(berth.url, { repository: 'top', reference: '1' })
    const digests = (layers: typeof top.manifest.layers) => layers?.map(({ digest }) => digest)
    expect(digests(top.manifest.layers)).toEqual(
      expect.arrayContaining(digests(base.manifest.layers) as string[]),
    )
  })

  test('pushes an index with all its images', async () => {
    await build('localhost/many:amd64', '--arch', 'amd64')
    await build('localhost/many:arm64', '--arch', 'arm64')
    await buildah('manifest', 'create', 'localhost/list')
    for (const architecture of ['amd64', 'arm64']) {
      await buildah('manifest', 'add', 'localhost/list', `containers-storage:localhost/many:${architecture}`)
    }
    const destination = `docker://${registry}/list:all`
    await buildah('manifest', 'push', '--all', '--tls-verify=false', 'localhost/list', destination)
    const served = await servedImage(berth.url, { repository: 'list', reference: 'all' })
    expect(served.mediaType).toBe('application/vnd.oci.image.index.v1+json')
    const platforms = served.manifest.manifests?.map(({ platform }) => platform?.architecture)
    expect(platforms).toEqual(['amd64', 'arm64'])
  })
})
