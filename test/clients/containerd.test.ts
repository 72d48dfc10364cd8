// Budget: 20 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt, run } from '../support/command.ts'
import { type Layout, writeLayout } from '../support/oci-layout.ts'
import { requireTools } from '../support/require.ts'
import { servedImage } from '../support/served-image.ts'

const ready = requireTools(['containerd', 'ctr', 'skopeo', 'tar'], { asRoot: true })

describe.skipIf(!ready)('containerd', () => {
  let berth: RunningBerth
  let registry: string
  let layout: Layout
  let daemon: Bun.Subprocess
  let address: string

  beforeAll(async () => {
    berth = await startBerth()
    registry = `127.0.0.1:${berth.port}`
    layout = await writeLayout(
      ['amd64', 'arm64'].map((architecture) => ({ architecture, layers: [{ 'etc/machine': architecture }] })),
    )
    const home = await temporaryDirectory()
    address = join(home, 'containerd.sock')
    const config = join(home, 'config.toml')
    await Bun.write(
      config,
      `version = 2\nroot = "${home}/root"\nstate = "${home}/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${address}"\n`,
    )
    daemon = Bun.spawn(['containerd', '--config', config, '--log-level', 'error'], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await attempt('ctr', ['--address', address, 'version'])).exitCode === 0) return
      await Bun.sleep(100)
    }
    throw new Error('containerd did not answer')
  })

  afterAll(async () => {
    daemon?.kill()
    await daemon?.exited
    await berth?.stop()
  })

  const ctr = (...args: string[]) => run('ctr', ['--address', address, ...args])

  /** Digests that containerd holds. */
  async function held(): Promise<string[]> {
    return (await ctr('content', 'ls', '-q')).trim().split('\n').sort()
  }

  async function pushedBySkopeo(repository: string): Promise<string> {
    const image = `${registry}/${repository}:latest`
    await run('skopeo', [
      'copy',
      '--all',
      '--dest-tls-verify=false',
      `oci:${layout.directory}:latest`,
      `docker://${image}`,
    ])
    return image
  }

  test('pulls an image, unpacks it, and holds what was pushed', async () => {
    const image = await pushedBySkopeo('pulled')
    await ctr('images', 'pull', '--plain-http', '--snapshotter', 'native', '--platform', 'linux/amd64', image)
    expect(await ctr('images', 'ls', '-q')).toContain(image)
    for (const digest of await held()) expect(layout.digests).toContain(digest)
    await ctr('images', 'rm', '--sync', image)
  })

  test('fetches an index with all platforms and pushes it elsewhere, bit for bit', async () => {
    const image = await pushedBySkopeo('fetched')
    await ctr('content', 'fetch', '--plain-http', '--all-platforms', image)
    for (const digest of layout.digests) expect(await held()).toContain(digest)
    const target = `${registry}/pushed/by-ctr:v1`
    await ctr('images', 'tag', image, target)
    await ctr('images', 'push', '--plain-http', target)
    const served = await servedImage(berth.url, { repository: 'pushed/by-ctr', reference: 'v1' })
    expect(served.digest).toBe(layout.digest)
    expect(served.digests).toEqual(layout.digests)
    await ctr('images', 'push', '--plain-http', target)
  })

  test('pulls by digest', async () => {
    await pushedBySkopeo('digested')
    const image = `${registry}/digested@${layout.digest}`
    await ctr('images', 'pull', '--plain-http', '--snapshotter', 'native', '--platform', 'linux/amd64', image)
    expect(await ctr('images', 'ls', '-q')).toContain(image)
  })
})
