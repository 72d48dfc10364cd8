// Budget: 30 seconds on two cores.
import { describe, expect, test } from 'bun:test'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { startDockerEngine } from '../support/docker-engine.ts'
import { writeLayout } from '../support/oci-layout.ts'
import { requireTools } from '../support/require.ts'

const skopeo = (...args: string[]) => attempt('skopeo', ['--insecure-policy', ...args])

/** A server that has two images, `app:one` and `app:two`. */
async function startLimited(limit: string) {
  const berth = await startBerth({ env: { BERTH_LIMITS_PULLS_ANONYMOUS: limit } })
  const image = `localhost:${berth.port}/app`
  for (const tag of ['one', 'two']) {
    const layout = await writeLayout([{ architecture: 'amd64', layers: [{ 'etc/motd': `${tag}\n` }] }])
    const from = `oci:${layout.directory}:latest`
    const pushed = await skopeo('copy', '--dest-tls-verify=false', from, `docker://${image}:${tag}`)
    expect([pushed.exitCode, pushed.stderr]).toEqual([0, ''])
  }
  return { berth, image }
}

describe.skipIf(!requireTools(['skopeo', 'tar']))('skopeo', () => {
  test('waits for as long as it is told, and then pulls', async () => {
    const { berth, image } = await startLimited('3/5s')
    const pull = async () =>
      skopeo('copy', '--src-tls-verify=false', `docker://${image}:one`, `dir:${await temporaryDirectory()}`)
    const started = performance.now()
    for (let time = 0; time < 5; time += 1) expect((await pull()).exitCode).toBe(0)
    expect(performance.now() - started).toBeGreaterThan(4000)
    const metrics = await (await fetch(`${berth.url}/metrics`)).text()
    expect(Number(/^berth_pulls_refused_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0)
    await berth.stop()
  }, 60_000)
})

const ready = requireTools(['docker', 'dockerd', 'skopeo', 'tar'], { asRoot: true })

describe.skipIf(!ready)('Docker Engine', () => {
  test('shows why a pull is refused, and what to do', async () => {
    const { berth, image } = await startLimited('1/1h')
    const engine = await startDockerEngine()
    try {
      const first = await engine.attempt(['pull', `${image}:one`])
      expect([first.exitCode, first.stderr]).toEqual([0, ''])
      const second = await engine.attempt(['pull', `${image}:two`])
      expect(second.exitCode).not.toBe(0)
      expect(second.stderr).toContain('toomanyrequests: the limit of pulls is reached: 1 in 60 minutes')
      expect(second.stderr).toContain('try again in 60 minutes')
    } finally {
      await engine.stop()
      await berth.stop()
    }
  }, 120_000)
})
