// Budget: 40 seconds on two cores, most of it to copy the image into the engine and to wait for the health check.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Sbom, sha256 } from '../../scripts/sbom/document.ts'
import { packagesForProduction, readLockfile } from '../../scripts/sbom/packages.ts'
import { freePort, temporaryDirectory } from '../support/berth.ts'
import { type Issued, makeAuthority } from '../support/certificates.ts'
import { run } from '../support/command.ts'
import { buildImage, imageContent, pushedDigest } from '../support/docker-build.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { requireTools } from '../support/require.ts'
import { busyboxArchive } from '../support/root-filesystem.ts'
import { servedImage } from '../support/served-image.ts'

const root = join(import.meta.dir, '../..')
const ready = requireTools(['docker', 'dockerd', 'busybox', 'tar', 'ip', 'openssl', 'ps'], { asRoot: true })

describe.skipIf(!ready)('the container image', () => {
  let engine: DockerEngine
  let port: number
  const container = 'enki-registry'
  const docker: DockerEngine['docker'] = (args, options) => engine.docker(args, options)

  beforeAll(async () => {
    engine = await startDockerEngine({ network: true })
    await run('npm', ['run', 'build'], { directory: root })
    await docker(['build', '--tag', 'berth', root])
    await docker(['import', await busyboxArchive(), 'busybox'])
    port = await freePort()
    await docker(['run', '-d', '-p', `${port}:1234`, '--restart=always', '--name', container, 'berth'])
    await answering(port)
  })

  afterAll(async () => {
    await engine?.attempt(['rm', '--force', '--volumes', container])
    await engine?.stop()
  })

  async function answering(on: number, scheme = 'http'): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const unchecked = { tls: { rejectUnauthorized: false } }
      const answer = await fetch(`${scheme}://127.0.0.1:${on}/readyz`, unchecked).catch(() => undefined)
      if (answer?.ok) return
      await Bun.sleep(100)
    }
    throw new Error(`nothing answers on port ${on}:\n${(await engine.attempt(['logs', container])).stdout}`)
  }

  async function roundTrip(image: string): Promise<void> {
    const content = await imageContent(engine, image)
    await docker(['rmi', image])
    await docker(['pull', image])
    expect(await imageContent(engine, image)).toEqual(content)
  }

  test('keeps what is pushed to it through a restart, a stop and a kill', async () => {
    const image = `localhost:${port}/busybox`
    await docker(['tag', 'busybox', image])
    await docker(['push', image])
    await roundTrip(image)
    for (const end of ['restart', 'stop', 'kill']) {
      await docker([end, container])
      if (end !== 'restart') await docker(['start', container])
      await answering(port)
      await roundTrip(image)
    }
  })

  test('comes back with everything after its process died', async () => {
    const image = `localhost:${port}/crashed`
    await buildImage(engine, {
      tag: image,
      files: { greeting: 'ahoy\n' },
      dockerfile: 'FROM busybox\nCOPY greeting /etc/greeting\n',
    })
    const digest = pushedDigest(await docker(['push', image]))
    const state = async () => {
      const format = '{{.State.Pid}} {{.RestartCount}}'
      return (await docker(['inspect', '--format', format, container])).trim().split(' ').map(Number)
    }
    const [pid, restarts] = await state()
    if (!pid) throw new Error('the container does not run')
    process.kill(pid, 'SIGKILL')
    while ((await state())[1] === restarts) await Bun.sleep(50)
    await answering(port)
    expect(
      (await servedImage(`http://127.0.0.1:${port}`, { repository: 'crashed', reference: 'latest' })).digest,
    ).toBe(digest)
    await roundTrip(image)
  })

  test('hands its volume to the next container', async () => {
    const second = await freePort()
    const image = `localhost:${second}/kept`
    const start = async () => {
      const volume = ['-v', 'berth-data:/var/lib/berth']
      await docker(['run', '-d', '-p', `${second}:5000`, ...volume, '--name', 'replaced', 'berth'])
      await answering(second)
    }
    await start()
    await docker(['tag', 'busybox', image])
    await docker(['push', image])
    await docker(['rm', '--force', 'replaced'])
    await start()
    await roundTrip(image)
    await docker(['rm', '--force', 'replaced'])
  })

  test('runs as a user without privileges, with its data in a volume', async () => {
    expect(await docker(['top', container, '-o', 'pid,uid'])).toContain('65532')
    const [inspected] = JSON.parse(await docker(['inspect', container]))
    expect(inspected.Config.User).toBe('65532:65532')
    expect(inspected.Mounts).toMatchObject([{ Type: 'volume', Destination: '/var/lib/berth' }])
  })

  async function healthOf(name: string): Promise<string> {
    let status = ''
    for (let tries = 0; tries < 90 && status !== 'healthy'; tries += 1) {
      status = (await docker(['inspect', '--format', '{{.State.Health.Status}}', name])).trim()
      if (status !== 'healthy') await Bun.sleep(500)
    }
    return status
  }

  test('tells the engine that it is healthy', async () => {
    expect(await healthOf(container)).toBe('healthy')
  })

  test('serves HTTPS from a certificate in a volume, takes its renewal, and is healthy', async () => {
    const authority = await makeAuthority()
    const directory = await temporaryDirectory()
    // The image's user, who is not root, reads them.
    await chmod(directory, 0o755)
    const place = async ({ certificate, key }: Issued) => {
      await copyFile(certificate, join(directory, 'tls.crt'))
      await copyFile(key, join(directory, 'tls.key'))
      await chmod(join(directory, 'tls.key'), 0o644)
    }
    await place(await authority.issue({ name: 'first' }))
    const second = await freePort()
    const image = `localhost:${second}/secure`
    const variables = ['-e', 'BERTH_TLS_CERTIFICATE=/tls/tls.crt', '-e', 'BERTH_TLS_KEY=/tls/tls.key']
    const hardened = ['--read-only', '--cap-drop=ALL', '-v', `${directory}:/tls:ro`, ...variables]
    await docker(['run', '-d', '-p', `${second}:5000`, '--name', 'secure', ...hardened, 'berth'])
    await answering(second, 'https')
    const served = async () => {
      const target = ['-connect', `127.0.0.1:${second}`, '-CAfile', authority.root, '-verify_return_error']
      return (await run('openssl', ['s_client', ...target])).match(/subject=CN = (\S+)/)?.[1]
    }
    expect(await served()).toBe('first')
    await docker(['tag', 'busybox', image])
    await docker(['push', image])
    await place(await authority.issue({ name: 'second' }))
    while ((await served()) !== 'second') await Bun.sleep(250)
    await roundTrip(image)
    expect(await healthOf('secure')).toBe('healthy')
    await docker(['rm', '--force', '--volumes', 'secure'])
  })

  test('answers on port 5000 as well, and stops when it is told to', async () => {
    const second = await freePort()
    await docker(['run', '-d', '-p', `${second}:5000`, '--name', 'second', 'berth'])
    await answering(second)
    await docker(['stop', 'second'])
    expect((await docker(['inspect', '--format', '{{.State.ExitCode}}', 'second'])).trim()).toBe('0')
    await docker(['rm', '--volumes', 'second'])
  })

  test('holds an SBOM of itself, of the very binary that it runs', async () => {
    const directory = await temporaryDirectory()
    for (const path of ['/usr/share/sbom/berth.cdx.json', '/usr/bin/berth'])
      await docker(['cp', `${container}:${path}`, directory])
    const sbom = (await Bun.file(join(directory, 'berth.cdx.json')).json()) as Sbom
    expect(sbom.metadata.component.hashes).toEqual([await sha256(join(directory, 'berth'))])
    const { components } = packagesForProduction(await readLockfile(root), 'root')
    expect(components.length).toBeGreaterThan(30)
    const listed = sbom.components.map(({ purl, name }) => purl ?? name)
    for (const { purl } of components) expect(listed).toContain(purl as string)
    expect(listed.join()).toMatch(/pkg:deb\/[a-z]+\/libc6@|libc\.so\.6/)
  })

  test('is small, and says its version', async () => {
    expect(await docker(['run', '--rm', '--network', 'none', 'berth', 'version'])).toStartWith('berth ')
    const size = Number(await docker(['image', 'inspect', '--format', '{{.Size}}', 'berth']))
    expect(size).toBeLessThan(160e6)
  })
})
