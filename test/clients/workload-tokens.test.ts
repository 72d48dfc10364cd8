// Budget: 30 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/berth.ts'
import { type ClosedRegistry, startClosedRegistry } from '../support/closed-registry.ts'
import { attempt } from '../support/command.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { writeLayout } from '../support/oci-layout.ts'
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts'
import { requireTools } from '../support/require.ts'
import { busyboxArchive } from '../support/root-filesystem.ts'
import { exchangeForm, githubClaims, gitlabClaims, makeRobot, makeTrust } from '../support/workload.ts'

const dockerReady = requireTools(['docker', 'dockerd', 'busybox', 'tar'], { asRoot: true })
const skopeoReady = requireTools(['skopeo', 'tar'])

let closed: ClosedRegistry
let issuer: OidcIssuer
let trust: string

beforeAll(async () => {
  issuer = await startOidcIssuer()
  closed = await startClosedRegistry({ env: { BERTH_WORKLOAD_PRIVATE_ISSUERS: issuer.url } })
  const robot = await makeRobot(closed.metadata)
  const claims = { project_path: 'acme/**', ref_protected: 'true' }
  await makeTrust(closed.metadata, robot, { issuer: issuer.url, claims })
  trust = await makeTrust(closed.metadata, robot, { issuer: issuer.url })
}, 60_000)
afterAll(async () => {
  await closed?.[Symbol.asyncDispose]()
  await issuer?.[Symbol.asyncDispose]()
})

async function exchanged(token: string): Promise<string> {
  const answer = await fetch(`${closed.url}/v2/token`, { method: 'POST', body: exchangeForm(token) })
  return ((await answer.json()) as { access_token: string }).access_token
}

describe.skipIf(!skopeoReady)('skopeo', () => {
  test('logs in with a job’s token or with what it was exchanged for, pushes and pulls', async () => {
    const layout = await writeLayout([{ architecture: 'amd64', layers: [{ 'etc/motd': 'ahoy\n' }] }])
    const directory = await temporaryDirectory()
    const login = ['--authfile', join(directory, 'auth.json')]
    const registry = `127.0.0.1:${closed.berth.port}`
    const skopeo = (verb: string, ...args: string[]) =>
      attempt('skopeo', ['--insecure-policy', verb, ...login, ...args])
    const logIn = (password: string) =>
      attempt(
        'skopeo',
        ['login', ...login, '--tls-verify=false', '-u', 'acme+deploy', '--password-stdin', registry],
        {
          input: password,
        },
      )
    const image = `docker://${registry}/acme/skopeo:1`
    for (const password of [
      await issuer.token(gitlabClaims),
      await exchanged(await issuer.token(gitlabClaims)),
    ]) {
      expect(await logIn(password)).toMatchObject({ exitCode: 0 })
      const push = await skopeo('copy', '--dest-tls-verify=false', `oci:${layout.directory}:latest`, image)
      expect(push).toMatchObject({ exitCode: 0 })
      expect(await skopeo('inspect', '--tls-verify=false', image)).toMatchObject({ exitCode: 0 })
    }
    const refused = await logIn(await issuer.token({ ...gitlabClaims, ref_protected: 'false' }))
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stderr).toContain('invalid username/password')
  })
})

describe.skipIf(!dockerReady)('Docker Engine', () => {
  let engine: DockerEngine
  let image: string
  beforeAll(async () => {
    engine = await startDockerEngine()
    image = `localhost:${closed.berth.port}/acme/app`
    await engine.docker(['import', await busyboxArchive(), image])
  }, 60_000)
  afterAll(() => engine?.stop())

  test('logs in with a job’s token or with what it was exchanged for, pushes and pulls, until the trust goes', async () => {
    const docker = (config: string, args: string[], input?: string) =>
      engine.attempt(args, { env: { DOCKER_CONFIG: config }, ...(input === undefined ? {} : { input }) })
    const registry = `localhost:${closed.berth.port}`
    const configs: string[] = []
    for (const password of [
      await issuer.token(githubClaims),
      await exchanged(await issuer.token(githubClaims)),
    ]) {
      const config = await temporaryDirectory()
      const login = ['login', registry, '-u', 'acme+deploy', '--password-stdin']
      expect((await docker(config, login, password)).stdout).toContain('Login Succeeded')
      for (const verb of ['push', 'pull', 'push'])
        expect(await docker(config, [verb, image])).toMatchObject({ exitCode: 0 })
      configs.push(config)
    }
    const unprotected = await issuer.token({ ...gitlabClaims, ref_protected: 'false' })
    const elsewhere = await temporaryDirectory()
    const refused = await docker(
      elsewhere,
      ['login', registry, '-u', 'acme+deploy', '--password-stdin'],
      unprotected,
    )
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stderr).toContain('ref_protected must be "true", and is "false"')
    await closed.metadata.change('removeRobotTrust', { id: trust })
    for (const config of configs) expect((await docker(config, ['pull', image])).exitCode).not.toBe(0)
  })
})
