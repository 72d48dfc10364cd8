// Budget: 40 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { makeAccessToken } from '../support/accounts.ts'
import { temporaryDirectory } from '../support/berth.ts'
import { type ClosedRegistry, startClosedRegistry } from '../support/closed-registry.ts'
import type { CommandOptions } from '../support/command.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { requireTools } from '../support/require.ts'
import { busyboxArchive } from '../support/root-filesystem.ts'

const ready = requireTools(['docker', 'dockerd', 'busybox', 'tar'], { asRoot: true })

describe.skipIf(!ready)('Docker Engine with accounts', () => {
  let closed: ClosedRegistry
  let engine: DockerEngine
  let registry: string

  beforeAll(async () => {
    closed = await startClosedRegistry()
    registry = `localhost:${closed.berth.port}`
    engine = await startDockerEngine()
    await engine.docker(['import', await busyboxArchive(), 'busybox'])
    for (const name of ['alice/app', 'bob/app', 'alice/other'])
      await engine.docker(['tag', 'busybox', `${registry}/${name}`])
  })

  afterAll(async () => {
    await engine?.stop()
    await closed?.[Symbol.asyncDispose]()
  })

  /** A client's own settings, as on another machine. */
  async function client() {
    const config = await temporaryDirectory()
    const env = { DOCKER_CONFIG: config }
    const docker = (args: string[], more: CommandOptions = {}) =>
      engine.attempt(args, { ...more, env: { ...env, ...more.env } })
    return {
      config,
      docker,
      login: (name: string, password: string, more: CommandOptions = {}) =>
        docker(['login', registry, '-u', name, '--password-stdin'], { ...more, input: password }),
      async settings() {
        return JSON.parse(await Bun.file(join(config, 'config.json')).text()) as {
          auths?: Record<string, { auth?: string; identitytoken?: string }>
        }
      },
    }
  }

  test('logs in, pushes, pulls its own and is forgotten at the logout', async () => {
    const { docker, login, settings } = await client()
    expect((await docker(['push', `${registry}/alice/app`])).exitCode).not.toBe(0)
    expect((await login('alice', closed.alice.password)).stdout).toContain('Login Succeeded')
    expect((await docker(['push', `${registry}/alice/app`])).exitCode).toBe(0)
    expect((await docker(['pull', `${registry}/alice/app`])).exitCode).toBe(0)
    const kept = (await settings()).auths?.[registry]
    expect(kept?.identitytoken).toStartWith('berth_refresh_')
    expect(Buffer.from(kept?.auth ?? '', 'base64').toString()).not.toContain(closed.alice.password)
    expect((await docker(['search', '--format', '{{.Name}}', `${registry}/app`])).stdout).toContain(
      'alice/app',
    )
    expect((await docker(['logout', registry])).exitCode).toBe(0)
    expect((await docker(['pull', `${registry}/alice/app`])).exitCode).not.toBe(0)
  })

  test('is refused with a wrong password, or as nobody', async () => {
    const { login } = await client()
    for (const name of ['alice', 'nobody']) {
      const { exitCode, stderr } = await login(name, 'wrong-lantern')
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('the name or the password is wrong')])
    }
  })

  test('is refused what belongs to another', async () => {
    const { docker, login } = await client()
    await login('bob', closed.bob.password)
    expect((await docker(['push', `${registry}/bob/app`])).exitCode).toBe(0)
    const push = await docker(['push', `${registry}/alice/other`])
    expect(push.exitCode).not.toBe(0)
    expect(push.stderr + push.stdout).toMatch(/denied|unauthorized/i)
    const pull = await docker(['pull', `${registry}/alice/private`])
    expect(pull.exitCode).not.toBe(0)
  })

  test('pulls what is public without a login', async () => {
    const { docker } = await client()
    const { metadata } = closed
    await metadata.change('setVisibility', { repository: 'alice/app' as never, visibility: 'public' })
    expect((await docker(['pull', `${registry}/alice/app`])).exitCode).toBe(0)
    expect((await docker(['push', `${registry}/alice/app`])).exitCode).not.toBe(0)
    expect(
      (await docker(['search', '--format', '{{.Name}}', `${registry}/alice`])).stdout.split('\n'),
    ).toContain('alice/app')
  })

  test('logs in with an access token, as far as that goes', async () => {
    const scopes = [{ type: 'repository', name: 'alice/**', actions: ['pull'] }]
    const { secret, id } = await makeAccessToken(closed.metadata, closed.alice.id, { scopes })
    const { docker, login } = await client()
    expect((await login('alice', secret)).exitCode).toBe(0)
    expect((await docker(['pull', `${registry}/alice/app`])).exitCode).toBe(0)
    expect((await docker(['push', `${registry}/alice/other`])).exitCode).not.toBe(0)
    await closed.metadata.change('deleteAccessToken', { id })
    expect((await docker(['pull', `${registry}/alice/other`])).exitCode).not.toBe(0)
  })

  test('keeps its login with a credential helper', async () => {
    const { config, docker, login, settings } = await client()
    const helper = join(config, 'docker-credential-test')
    await Bun.write(
      helper,
      `#!/bin/sh
case $1 in
  store) cat > ${config}/kept ;;
  get) cat > /dev/null; [ -f ${config}/kept ] && cat ${config}/kept || { echo "credentials not found in native keychain"; exit 1; } ;;
  erase) cat > /dev/null; rm -f ${config}/kept ;;
  list) echo '{}' ;;
esac
`,
    )
    await chmod(helper, 0o755)
    await Bun.write(join(config, 'config.json'), JSON.stringify({ credsStore: 'test' }))
    const env = { PATH: `${config}:${process.env.PATH}` }
    expect((await login('alice', closed.alice.password, { env })).exitCode).toBe(0)
    expect((await settings()).auths?.[registry]).toEqual({})
    expect(await Bun.file(join(config, 'kept')).text()).toContain('berth_refresh_')
    expect((await docker(['push', `${registry}/alice/other`], { env })).exitCode).toBe(0)
    expect((await docker(['logout', registry], { env })).exitCode).toBe(0)
    expect(await Bun.file(join(config, 'kept')).exists()).toBe(false)
  })
})
