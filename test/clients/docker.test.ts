// Budget: 90 seconds on two cores, and 30 more where debootstrap has to make the archive of Debian first.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { basename, dirname, join } from 'node:path'
import { type RunningBerth, removeDirectory, startBerth, temporaryDirectory } from '../support/berth.ts'
import { buildImage, imageContent, pushedDigest } from '../support/docker-build.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { writeRandomFile } from '../support/random-file.ts'
import { requireTools } from '../support/require.ts'
import { busyboxArchive, debianArchive } from '../support/root-filesystem.ts'
import { manifestStatus, servedImage } from '../support/served-image.ts'
import { startSeveringProxy } from '../support/severing-proxy.ts'

const ready = requireTools(['docker', 'dockerd', 'debootstrap', 'busybox', 'tar'], { asRoot: true })

describe.skipIf(!ready)('Docker Engine', () => {
  let berth: RunningBerth
  let engine: DockerEngine
  let registry: string
  const docker: DockerEngine['docker'] = (args, options) => engine.docker(args, options)

  beforeAll(async () => {
    berth = await startBerth()
    registry = `localhost:${berth.port}`
    engine = await startDockerEngine({ flags: [`--registry-mirror=http://127.0.0.1:${berth.port}`] })
    await docker(['import', '--change', 'ENV SHIP=berth', await busyboxArchive(), 'busybox'])
  })

  afterAll(async () => {
    await engine?.stop()
    await berth?.stop()
  })

  /**
   * Builds an image of four layers, of which the last removes a file of the third. Few steps, because
   * without overlayfs each container's commit waits for the next full second.
   */
  async function buildLayered(tag: string, greeting: string): Promise<void> {
    await buildImage(engine, {
      tag,
      files: { greeting: `${greeting}\n`, 'nested/file': 'deep\n' },
      dockerfile: [
        'FROM busybox',
        'COPY greeting /etc/greeting',
        'COPY nested /nested',
        'RUN rm /nested/file && echo built > /etc/built',
        'CMD ["sh", "-c", "cat /etc/greeting /etc/built; echo $SHIP; ls /nested"]',
      ].join('\n'),
    })
  }

  async function runImage(image: string, ...command: string[]): Promise<string> {
    return docker(['run', '--rm', '--network', 'none', image, ...command])
  }

  async function expectAbsent(image: string): Promise<void> {
    const { exitCode } = await engine.attempt(['image', 'inspect', image])
    expect(exitCode).not.toBe(0)
  }

  test('pushes ubuntu:16.04, removes it, pulls it back and runs it', async () => {
    await docker(['import', '--change', 'CMD ["bash"]', await debianArchive(), 'ubuntu:16.04'])
    const content = await imageContent(engine, 'ubuntu:16.04')
    const release = await runImage('ubuntu:16.04', 'cat', '/etc/os-release')

    await docker(['tag', 'ubuntu:16.04', `${registry}/ubuntu`])
    const digest = pushedDigest(await docker(['push', `${registry}/ubuntu`]))
    await docker(['rmi', 'ubuntu:16.04', `${registry}/ubuntu`])
    await expectAbsent(`${registry}/ubuntu`)
    const pulled = await docker(['pull', `${registry}/ubuntu`])

    expect(pulled).toContain(digest)
    expect(await imageContent(engine, `${registry}/ubuntu`)).toEqual(content)
    expect(await runImage(`${registry}/ubuntu`, 'cat', '/etc/os-release')).toBe(release)
    expect(await runImage(`${registry}/ubuntu`, 'bash', '-c', 'dpkg --verify && echo intact')).toBe(
      'intact\n',
    )
    await docker(['rmi', `${registry}/ubuntu`])
  })

  test('finds a pushed image with docker search', async () => {
    await docker(['tag', 'busybox', `${registry}/harbour/pilot`])
    await docker(['push', `${registry}/harbour/pilot`])
    const found = await docker(['search', '--format', '{{.Name}}', `${registry}/pilot`])
    expect(found).toContain('harbour/pilot')
  })

  test('round-trips an image of several layers by tag, without a tag and by digest', async () => {
    await buildLayered(`${registry}/layered`, 'ahoy')
    await docker(['tag', `${registry}/layered`, `${registry}/layered:1.0`])
    const content = await imageContent(engine, `${registry}/layered`)
    const digest = pushedDigest(await docker(['push', `${registry}/layered`]))
    expect(pushedDigest(await docker(['push', `${registry}/layered:1.0`]))).toBe(digest)

    const served = await servedImage(berth.url, { repository: 'layered', reference: '1.0' })
    expect(served.digest).toBe(digest)
    expect(served.manifest.layers).toHaveLength(4)

    const names = [`${registry}/layered`, `${registry}/layered:1.0`, `${registry}/layered@${digest}`]
    await docker(['rmi', ...names.slice(0, 2)])
    for (const name of names) {
      await expectAbsent(name)
      expect(await docker(['pull', name])).toContain(`Digest: ${digest}`)
      expect(await imageContent(engine, name)).toEqual(content)
      expect(await runImage(name)).toBe('ahoy\nbuilt\nberth\n')
      await docker(['rmi', name])
    }
  })

  test('says that every layer already exists when it pushes again', async () => {
    await buildLayered(`${registry}/again`, 'again')
    const first = await docker(['push', `${registry}/again`])
    const second = await docker(['push', `${registry}/again`])
    expect(pushedDigest(second)).toBe(pushedDigest(first))
    expect(second.match(/Layer already exists/g)).toHaveLength(4)
    expect(second).not.toContain('Pushed')
  })

  test('mounts the layers of another repository instead of pushing them', async () => {
    await buildLayered(`${registry}/fleet/flagship`, 'mounted')
    await docker(['push', `${registry}/fleet/flagship`])
    await docker(['tag', `${registry}/fleet/flagship`, `${registry}/fleet/tender`])
    const printed = await docker(['push', `${registry}/fleet/tender`])
    expect(printed.match(/Mounted from /g)).toHaveLength(4)
    expect(await servedImage(berth.url, { repository: 'fleet/tender', reference: 'latest' })).toEqual(
      await servedImage(berth.url, { repository: 'fleet/flagship', reference: 'latest' }),
    )
  })

  test('pushes all tags of a repository', async () => {
    const tags = ['1.0', 'edge']
    for (const tag of tags) await buildLayered(`${registry}/tagged:${tag}`, tag)
    await docker(['push', '--all-tags', `${registry}/tagged`])
    await docker(['rmi', ...tags.map((tag) => `${registry}/tagged:${tag}`)])
    await docker(['pull', '--all-tags', `${registry}/tagged`])
    for (const tag of tags) {
      expect(await runImage(`${registry}/tagged:${tag}`)).toStartWith(`${tag}\n`)
    }
  })

  test('pushes an index of two platforms and pulls each of them', async () => {
    const name = `${registry}/multi`
    const platforms = ['amd64', 'arm64']
    const archive = await busyboxArchive()
    const contents = new Map<string, unknown>()
    for (const architecture of platforms) {
      const image = `${name}:${architecture}`
      await buildImage(engine, {
        tag: image,
        platform: `linux/${architecture}`,
        context: dirname(archive),
        files: { architecture },
        dockerfile: `FROM scratch\nADD ${basename(archive)} architecture /\n`,
      })
      await docker(['push', image])
      contents.set(architecture, await imageContent(engine, image))
    }
    const children = platforms.map((architecture) => `${name}:${architecture}`)
    await docker(['manifest', 'create', '--insecure', `${name}:latest`, ...children])
    const digest = (await docker(['manifest', 'push', '--insecure', `${name}:latest`])).trim()
    await docker(['rmi', ...children])

    const served = await servedImage(berth.url, { repository: 'multi', reference: 'latest' })
    expect(served.digest).toBe(digest)
    const inspected = JSON.parse(await docker(['manifest', 'inspect', '--insecure', `${name}:latest`]))
    expect(inspected).toEqual(served.manifest)
    expect(served.manifest.manifests?.map(({ platform }) => platform?.architecture)).toEqual(platforms)

    for (const architecture of platforms) {
      const pulled = await docker(['pull', '--platform', `linux/${architecture}`, name])
      expect(pulled).toContain(`Digest: ${digest}`)
      expect(await imageContent(engine, name)).toEqual(contents.get(architecture))
      await docker(['rmi', name])
    }
  })

  test('pulls plain nginx from the registry as a mirror of Docker Hub', async () => {
    await buildLayered(`${registry}/library/nginx`, 'nginx')
    const content = await imageContent(engine, `${registry}/library/nginx`)
    await docker(['push', `${registry}/library/nginx`])
    await docker(['rmi', `${registry}/library/nginx`])
    await docker(['pull', 'nginx'])
    expect(await imageContent(engine, 'nginx')).toEqual(content)
    expect(await runImage('nginx')).toStartWith('nginx\n')
  })

  test('reports an image that is not there', async () => {
    const missing = await engine.attempt(['pull', `${registry}/layered:no-such-tag`])
    expect(missing.exitCode).not.toBe(0)
    expect(missing.stderr).toContain(`manifest for ${registry}/layered:no-such-tag not found`)
    const status = await manifestStatus(berth.url, { repository: 'layered', reference: 'no-such-tag' })
    expect(status).toBe(404)
  })

  test('resumes a layer after its connection broke', async () => {
    const { image, sha256 } = await pushRandom({ repository: 'severed', mebibytes: 24 })
    await docker(['rmi', image])
    const proxy = await startSeveringProxy({ to: berth.port, after: 12 * 1024 * 1024 })
    const throughProxy = `localhost:${proxy.port}/severed`
    await docker(['pull', throughProxy])
    proxy.stop()
    expect(proxy.severed()).toBeTrue()
    expect(proxy.resumedAt()).toEqual([expect.any(Number)])
    expect(proxy.resumedAt()[0]).toBeGreaterThan(1024 * 1024)
    expect(await runImage(throughProxy, 'sha256sum', '/random')).toBe(`${sha256}  /random\n`)
  })

  test('round-trips a layer of 200 MB bit for bit', async () => {
    const { image, sha256 } = await pushRandom({ repository: 'large', mebibytes: 200 })
    await docker(['rmi', image])
    await docker(['pull', image])
    expect(await runImage(image, 'sha256sum', '/random')).toBe(`${sha256}  /random\n`)
    const served = await servedImage(berth.url, { repository: 'large', reference: 'latest' })
    expect(served.manifest.layers).toHaveLength(2)
  })

  async function pushRandom(wanted: { repository: string; mebibytes: number }) {
    const context = await temporaryDirectory()
    const sha256 = await writeRandomFile(join(context, 'random'), wanted.mebibytes)
    const image = `${registry}/${wanted.repository}`
    await buildImage(engine, { tag: image, context, dockerfile: 'FROM busybox\nCOPY random /random\n' })
    await removeDirectory(context)
    await docker(['push', image])
    return { image, sha256 }
  }
})
