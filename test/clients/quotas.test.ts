// Budget: 40 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt, run } from '../support/command.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { ask } from '../support/management.ts'
import { type Layout, writeLayout } from '../support/oci-layout.ts'
import { writeRandomFile } from '../support/random-file.ts'
import { requireTools } from '../support/require.ts'

const large = 12 * 1024 * 1024

async function usedIn(berth: RunningBerth, namespace: string) {
  return (await ask(berth.url, 'GET', `/namespaces/${namespace}/quota`)).body.bytes
}

const setBytes = (berth: RunningBerth, namespace: string, bytes: number) =>
  ask(berth.url, 'PUT', `/namespaces/${namespace}/quota`, { bytes })

describe.skipIf(!requireTools(['docker', 'dockerd', 'tar'], { asRoot: true }))('Docker and a quota', () => {
  let berth: RunningBerth
  let engine: DockerEngine
  beforeAll(async () => {
    berth = await startBerth()
    engine = await startDockerEngine()
    const directory = await temporaryDirectory()
    await writeRandomFile(join(directory, 'random'), large / 2 ** 20)
    await run('tar', ['-cf', join(directory, 'image.tar'), '-C', directory, 'random'])
    await engine.docker(['import', join(directory, 'image.tar'), 'large'])
  })
  afterAll(async () => {
    await engine?.stop()
    await berth?.stop()
  })

  test('prints what is used, allowed and needed, and pushes once there is room', async () => {
    const image = `localhost:${berth.port}/acme/large`
    await engine.docker(['tag', 'large', image])
    await setBytes(berth, 'acme', large / 2)
    const { exitCode, stdout, stderr } = await engine.attempt(['push', image])
    expect(exitCode).toBe(1)
    expect(stdout + stderr).toMatch(
      /denied: the quota of the namespace acme is exceeded: it may hold 6\.0 MiB, uses .+, and this needs .+ more\. To make room, delete images for good/,
    )
    expect((await usedIn(berth, 'acme')).reserved).toBe(0)
    await setBytes(berth, 'acme', 2 * large)
    await engine.docker(['push', image])
    const { used } = await usedIn(berth, 'acme')
    expect(used).toBeGreaterThan(large)
    await setBytes(berth, 'acme', used)
    // Another repository of the namespace has it for nothing.
    await engine.docker(['tag', image, `${image}-again`])
    const again = await engine.attempt(['push', `${image}-again`])
    expect(again).toMatchObject({ exitCode: 0 })
    expect((await usedIn(berth, 'acme')).used).toBe(used)
  }, 120_000)
})

describe.skipIf(!requireTools(['skopeo', 'tar']))('skopeo and a quota', () => {
  let berth: RunningBerth
  let layout: Layout
  beforeAll(async () => {
    berth = await startBerth()
    layout = await writeLayout([
      { architecture: 'amd64', layers: [{ 'big/file': crypto.randomUUID().repeat(200_000) }] },
    ])
  })
  afterAll(() => berth?.stop())

  test('says why it is refused, and copies once there is room', async () => {
    const copy = () =>
      attempt('skopeo', [
        '--insecure-policy',
        'copy',
        '--dest-tls-verify=false',
        `oci:${layout.directory}`,
        `docker://localhost:${berth.port}/acme/app:v1`,
      ])
    await setBytes(berth, 'acme', 1000)
    const refused = await copy()
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stderr).toContain('the quota of the namespace acme is exceeded: it may hold 1000 B')
    expect(await usedIn(berth, 'acme')).toMatchObject({ reserved: 0 })
    await setBytes(berth, 'acme', 10_000_000)
    expect(await copy()).toMatchObject({ exitCode: 0 })
  }, 60_000)
})
