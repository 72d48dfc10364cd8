// Budget: 40 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/berth.ts'
import { type ClosedRegistry, startClosedRegistry } from '../support/closed-registry.ts'
import { attempt } from '../support/command.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import {
  directoriesSetting,
  person,
  requireSlapd,
  startDirectory,
  type TestDirectory,
} from '../support/ldap.ts'
import { requireTools } from '../support/require.ts'
import { busyboxArchive } from '../support/root-filesystem.ts'

const ready =
  requireTools(['docker', 'dockerd', 'busybox', 'tar', 'skopeo'], { asRoot: true }) && requireSlapd()

describe.skipIf(!ready)('clients of people whom a directory knows', () => {
  let directory: TestDirectory
  let closed: ClosedRegistry
  let engine: DockerEngine
  let registry: string

  beforeAll(async () => {
    directory = await startDirectory()
    await directory.add(
      person(directory, 'carol', 'carol-in-corp'),
      person(directory, 'Jürgen.Müller', 'juergen-in-corp'),
    )
    closed = await startClosedRegistry(
      directoriesSetting({ ...directory.settings, recheck: '2s', outage: '0s' }),
    )
    registry = `localhost:${closed.berth.port}`
    engine = await startDockerEngine()
    await engine.docker(['import', await busyboxArchive(), 'busybox'])
  })
  afterAll(async () => {
    await engine?.stop()
    await closed?.[Symbol.asyncDispose]()
    await directory?.kill()
  })

  async function client() {
    const env = { DOCKER_CONFIG: await temporaryDirectory() }
    const docker = (args: string[], input?: string) =>
      engine.attempt(args, { env, ...(input === undefined ? {} : { input }) })
    return {
      docker,
      login: (name: string, password: string) =>
        docker(['login', registry, '-u', name, '--password-stdin'], password),
    }
  }

  test('docker logs in with the directory’s password, pushes and pulls', async () => {
    const { docker, login } = await client()
    const wrong = await login('carol', 'wrong')
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('the name or the password is wrong'),
    ])
    expect((await login('carol', 'carol-in-corp')).stdout).toContain('Login Succeeded')
    await engine.docker(['tag', 'busybox', `${registry}/carol/app`])
    expect((await docker(['push', `${registry}/carol/app`])).exitCode).toBe(0)
    expect((await docker(['pull', `${registry}/carol/app`])).exitCode).toBe(0)
  })

  test('docker logs in with a name that no repository may have, to the namespace that it is mapped to', async () => {
    const { docker, login } = await client()
    expect((await login('Jürgen.Müller', 'juergen-in-corp')).stdout).toContain('Login Succeeded')
    await engine.docker(['tag', 'busybox', `${registry}/jurgen.muller/app`])
    expect((await docker(['push', `${registry}/jurgen.muller/app`])).exitCode).toBe(0)
  })

  test('docker tells that the directory is away, goes on when it is back, and ends with who is gone', async () => {
    const { docker, login } = await client()
    expect((await login('carol', 'carol-in-corp')).exitCode).toBe(0)
    await directory.kill()
    await Bun.sleep(2100)
    const away = await login('carol', 'carol-in-corp')
    expect([away.exitCode, away.stderr]).toEqual([1, expect.stringContaining('503 Service Unavailable')])
    await directory.revive()
    await Bun.sleep(4100)
    expect((await docker(['pull', `${registry}/carol/app`])).exitCode).toBe(0)
    await directory.modify(
      `dn: uid=carol,ou=people,${directory.base}\nchangetype: modify\nadd: employeeType\nemployeeType: gone`,
    )
    await Bun.sleep(2100)
    expect((await docker(['pull', `${registry}/carol/app`])).exitCode).not.toBe(0)
  })

  test('skopeo logs in and copies', async () => {
    const home = await temporaryDirectory()
    const authfile = join(home, 'auth.json')
    const flags = ['--tls-verify=false', '--authfile', authfile]
    const login = await attempt('skopeo', [
      'login',
      ...flags,
      '-u',
      'Jürgen.Müller',
      '-p',
      'juergen-in-corp',
      registry,
    ])
    expect(login.stdout + login.stderr).toContain('Login Succeeded')
    await chmod(authfile, 0o600)
    const from = `docker://${registry}/jurgen.muller/app`
    const copied = await attempt('skopeo', [
      'copy',
      ...['--src-tls-verify=false', '--dest-tls-verify=false', '--authfile', authfile],
      from,
      `docker://${registry}/jurgen.muller/copy`,
    ])
    expect(copied.exitCode).toBe(0)
  })
})
