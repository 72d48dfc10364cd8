// Budget: 30 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import {
  buildContext,
  emptyStorage,
  type StorageClient,
  type StoredImage,
  storedImage,
} from '../support/container-storage.ts'
import { requireTools } from '../support/require.ts'
import { servedImage } from '../support/served-image.ts'

const ready = requireTools(['podman', 'runc', 'conmon', 'busybox'], { asRoot: true })

describe.skipIf(!ready)('podman', () => {
  let berth: RunningBerth
  let registry: string
  let podman: StorageClient

  beforeAll(async () => {
    berth = await startBerth()
    registry = `localhost:${berth.port}`
    podman = await emptyStorage('podman')
  })

  afterAll(async () => {
    await berth?.stop()
  })

  async function build(image: string, ...flags: string[]): Promise<void> {
    await podman('build', '--isolation', 'chroot', ...flags, '--tag', image, await buildContext(image))
  }

  test('pushes an image, removes it, pulls it back by tag and by digest, and runs it', async () => {
    await build('localhost/crew/mate:1')
    const content = await storedImage(podman, 'localhost/crew/mate:1')
    await podman('push', '--tls-verify=false', 'localhost/crew/mate:1', `${registry}/crew/mate`)
    const { digest, manifest } = await servedImage(berth.url, {
      repository: 'crew/mate',
      reference: 'latest',
    })
    expect(manifest.config?.digest).toBe(`sha256:${content.id}`)
    for (const name of [`${registry}/crew/mate`, `${registry}/crew/mate@${digest}`]) {
      await podman('rmi', '--all', '--force')
      await podman('pull', '--tls-verify=false', name)
      expect(await storedImage(podman, name)).toEqual(content)
      const printed = await podman('run', '--rm', '--network', 'none', name)
      expect(printed).toBe('localhost/crew/mate:1\nbuilt\n')
    }
  })

  test('finds a pushed image, and lists its tags', async () => {
    await build('localhost/found')
    for (const tag of ['b', 'a']) {
      await podman('push', '--tls-verify=false', 'localhost/found', `${registry}/lost/found:${tag}`)
    }
    const search = (...args: string[]) => podman('search', '--tls-verify=false', ...args)
    const found = await search('--format', '{{.Name}}', `${registry}/found`)
    expect(found.trim().split('\n')).toContain(`${registry}/lost/found`)
    const listed = JSON.parse(await search('--list-tags', '--format', 'json', `${registry}/lost/found`))
    expect(listed).toEqual([{ Name: `${registry}/lost/found`, Tags: ['a', 'b'] }])
  })

  test('pushes an index with all its images and pulls each of them', async () => {
    const contents = new Map<string, StoredImage>()
    await podman('manifest', 'create', 'localhost/fleet')
    for (const architecture of ['amd64', 'arm64']) {
      const image = `localhost/ship:${architecture}`
      await build(image, '--platform', `linux/${architecture}`)
      contents.set(architecture, await storedImage(podman, image))
      await podman('manifest', 'add', 'localhost/fleet', `containers-storage:${image}`)
    }
    const destination = `docker://${registry}/fleet:all`
    await podman('manifest', 'push', '--all', '--tls-verify=false', 'localhost/fleet', destination)
    const served = await servedImage(berth.url, { repository: 'fleet', reference: 'all' })
    const platforms = served.manifest.manifests?.map(({ platform }) => platform?.architecture)
    expect(platforms).toEqual(['amd64', 'arm64'])
    for (const [architecture, content] of contents) {
      await podman('rmi', '--all', '--force')
      await podman(
        'pull',
        '--tls-verify=false',
        '--platform',
        `linux/${architecture}`,
        `${registry}/fleet:all`,
      )
      expect(await storedImage(podman, `${registry}/fleet:all`)).toEqual(content)
    }
  })
})
