// Budget: 30 seconds on two cores, buildah and podman together.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { requireTools } from '../support/require.ts'
import { busyboxRoot } from '../support/root-filesystem.ts'
import { servedImage } from '../support/served-image.ts'

const ready = requireTools(['buildah', 'podman', 'busybox', 'tar'], { asRoot: true })

describe.skipIf(!ready)('buildah and podman', () => {
  let berth: RunningBerth
  let registry: string
  let storage: string[]

  beforeAll(async () => {
    berth = await startBerth()
    registry = `127.0.0.1:${berth.port}`
    storage = await newStorage()
  })

  afterAll(async () => {
    await berth?.stop()
  })

  /** Flags for a container storage of the test's own. */
  async function newStorage(): Promise<string[]> {
    const home = await temporaryDirectory()
    return ['--storage-driver', 'vfs', '--root', join(home, 'root'), '--runroot', join(home, 'run')]
  }

  const buildah = (...args: string[]) => run('buildah', [...storage, ...args])
  const podman = (...args: string[]) => run('podman', [...storage, ...args])

  /** Builds an image of two layers with buildah. */
  async function build(name: string, greeting: string): Promise<void> {
    const container = (await buildah('from', 'scratch')).trim()
    await buildah('copy', container, await busyboxRoot(), '/')
    await buildah('config', '--cmd', 'sh', '--label', `greeting=${greeting}`, container)
    await buildah('commit', container, `${name}-base`)
    const second = (await buildah('from', '--pull-never', `${name}-base`)).trim()
    const file = join(await temporaryDirectory(), 'greeting')
    await Bun.write(file, greeting)
    await buildah('copy', second, file, '/etc/greeting')
    await buildah('commit', second, name)
    await buildah('rm', container, second)
  }

  const contentOf = async (image: string) =>
    JSON.parse(
      await podman(
        'image',
        'inspect',
        '--format',
        '{"id":"{{.Id}}","layers":{{json .RootFS.Layers}}}',
        image,
      ),
    )

  test('buildah pushes and pulls what it built, bit for bit', async () => {
    await build('localhost/first', 'ahoy')
    const content = await contentOf('localhost/first')
    await buildah('push', '--tls-verify=false', 'localhost/first', `docker://${registry}/built:v1`)
    const served = await servedImage(berth.url, { repository: 'built', reference: 'v1' })
    expect(served.manifest.layers).toHaveLength(2)
    await buildah('rmi', '--all', '--force')
    await buildah('pull', '--tls-verify=false', `docker://${registry}/built:v1`)
    expect(await contentOf(`${registry}/built:v1`)).toEqual(content)
    const container = (await buildah('from', '--pull-never', `${registry}/built:v1`)).trim()
    expect(await buildah('run', '--isolation', 'chroot', container, 'cat', '/etc/greeting')).toBe('ahoy')
    await buildah('rm', container)
  })

  test('podman pushes, finds, and pulls by tag and by digest', async () => {
    await build('localhost/second', 'hello')
    const content = await contentOf('localhost/second')
    await podman('push', '--tls-verify=false', 'localhost/second', `${registry}/team/second`)
    const { digest } = await servedImage(berth.url, { repository: 'team/second', reference: 'latest' })
    const found = await podman('search', '--tls-verify=false', '--format', '{{.Name}}', `${registry}/second`)
    expect(found).toContain('team/second')
    await podman('rmi', '--all', '--force')
    for (const reference of [':latest', `@${digest}`]) {
      await podman('pull', '--tls-verify=false', `${registry}/team/second${reference}`)
      expect(await contentOf(`${registry}/team/second${reference}`)).toEqual(content)
      await podman('rmi', '--all', '--force')
    }
  })

  test('podman pushes a manifest list with all its images', async () => {
    await build('localhost/third', 'many')
    await podman('manifest', 'create', 'localhost/list')
    await podman('manifest', 'add', 'localhost/list', 'containers-storage:localhost/third')
    await podman(
      'manifest',
      'add',
      '--arch',
      'arm64',
      'localhost/list',
      'containers-storage:localhost/third-base',
    )
    await podman(
      'manifest',
      'push',
      '--tls-verify=false',
      '--all',
      'localhost/list',
      `docker://${registry}/list:all`,
    )
    const served = await servedImage(berth.url, { repository: 'list', reference: 'all' })
    expect(served.manifest.manifests?.map(({ platform }) => platform?.architecture)).toContain('arm64')
    const inspected = JSON.parse(
      await run('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${registry}/list:all`]),
    )
    expect(inspected.manifests).toHaveLength(2)
  })
})
