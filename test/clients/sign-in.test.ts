// Budget: 40 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/berth.ts'
import { type ClosedRegistry, startClosedRegistry } from '../support/closed-registry.ts'
import { attempt, run } from '../support/command.ts'
import { emptyStorage } from '../support/container-storage.ts'
import { type Containerd, startContainerd } from '../support/containerd.ts'
import { type Layout, writeLayout } from '../support/oci-layout.ts'
import { requireTools } from '../support/require.ts'

const skopeoReady = requireTools(['skopeo', 'tar'])
const containerdReady = requireTools(['containerd', 'ctr', 'skopeo', 'tar'], { asRoot: true })
const buildahReady = requireTools(['buildah', 'skopeo'], { asRoot: true })

let closed: ClosedRegistry
let registry: string
let layout: Layout

beforeAll(async () => {
  closed = await startClosedRegistry()
  registry = `127.0.0.1:${closed.berth.port}`
  layout = await writeLayout([{ architecture: 'amd64', layers: [{ 'etc/motd': 'ahoy\n' }] }])
})
afterAll(() => closed[Symbol.asyncDispose]())

const login = (user: 'alice' | 'bob') => `${user}:${closed[user].password}`

/** Has skopeo push the layout as alice, so that no other client holds anything of it. */
async function seedImage(name: string): Promise<void> {
  await run('skopeo', [
    ...['--insecure-policy', 'copy', '--dest-tls-verify=false', '--dest-creds', login('alice')],
    ...[`oci:${layout.directory}:latest`, `docker://${registry}/${name}`],
  ])
}

describe.skipIf(!skopeoReady)('skopeo', () => {
  const push = (name: string, ...flags: string[]) =>
    attempt('skopeo', [
      ...['--insecure-policy', 'copy', '--dest-tls-verify=false', ...flags],
      ...[`oci:${layout.directory}:latest`, `docker://${registry}/${name}`],
    ])
  const inspect = (name: string, ...flags: string[]) =>
    attempt('skopeo', ['inspect', '--tls-verify=false', ...flags, `docker://${registry}/${name}`])

  test('pushes, reads and deletes with a name and a password', async () => {
    const name = 'alice/skopeo:1'
    expect((await push(name, '--dest-creds', login('alice'))).stderr).toBe('')
    expect((await inspect(name, '--creds', login('alice'))).exitCode).toBe(0)
    const tags = [
      'list-tags',
      '--tls-verify=false',
      '--creds',
      login('alice'),
      `docker://${registry}/alice/skopeo`,
    ]
    expect(JSON.parse(await run('skopeo', tags))).toMatchObject({ Tags: ['1'] })
    const remove = ['delete', '--tls-verify=false', '--creds', login('alice'), `docker://${registry}/${name}`]
    expect((await attempt('skopeo', remove)).stderr).toBe('')
    expect((await inspect(name, '--creds', login('alice'))).exitCode).not.toBe(0)
  })

  test('is refused what belongs to another, and everything without a login but what is public', async () => {
    expect((await push('alice/skopeo:2', '--dest-creds', login('bob'))).exitCode).not.toBe(0)
    expect((await push('alice/skopeo:2')).exitCode).not.toBe(0)
    expect((await inspect('alice/private', '--creds', login('bob'))).stderr).toContain('no such repository')
    expect((await inspect('alice/private')).stderr).toMatch(/unauthorized|authentication required/i)
    expect((await inspect('alice/public', '--raw')).exitCode).toBe(0)
    expect((await inspect('alice/public', '--raw', '--creds', login('bob'))).exitCode).toBe(0)
    expect((await inspect('alice/public', '--creds', 'alice:wrong-lantern')).exitCode).not.toBe(0)
  })

  test('logs in once and for all, and out again', async () => {
    const authfile = join(await temporaryDirectory(), 'auth.json')
    const account = ['--tls-verify=false', '--authfile', authfile]
    const input = closed.alice.password
    const loggedIn = await attempt(
      'skopeo',
      ['login', ...account, '-u', 'alice', '--password-stdin', registry],
      { input },
    )
    expect(loggedIn.stdout).toContain('Login Succeeded')
    expect((await push('alice/skopeo:3', '--dest-authfile', authfile)).stderr).toBe('')
    expect((await attempt('skopeo', ['logout', '--authfile', authfile, registry])).exitCode).toBe(0)
    expect((await push('alice/skopeo:4', '--dest-authfile', authfile)).exitCode).not.toBe(0)
    const wrong = ['login', ...account, '-u', 'alice', '--password-stdin', registry]
    expect((await attempt('skopeo', wrong, { input: 'wrong-lantern' })).exitCode).not.toBe(0)
  })
})

describe.skipIf(!buildahReady)('buildah', () => {
  test('pushes and pulls with a name and a password', async () => {
    const buildah = await emptyStorage('buildah')
    const as = (user: 'alice' | 'bob') => ['--tls-verify=false', '--creds', login(user)]
    const seed = `${registry}/alice/built:1`
    await seedImage('alice/built:1')
    await buildah('pull', ...as('alice'), `docker://${seed}`)
    const push = (...flags: string[]) =>
      buildah('push', ...flags, seed, `docker://${registry}/alice/buildah:1`)
    await expect(push(...as('bob'))).rejects.toThrow()
    await expect(push('--tls-verify=false')).rejects.toThrow()
    await push(...as('alice'))
    await buildah('rmi', seed)
    await buildah('pull', ...as('alice'), `docker://${registry}/alice/buildah:1`)
    await expect(buildah('pull', ...as('bob'), `docker://${seed}`)).rejects.toThrow()
  })
})

describe.skipIf(!containerdReady)('containerd', () => {
  let containerd: Containerd
  beforeAll(async () => {
    containerd = await startContainerd()
  })
  afterAll(() => containerd?.stop())

  const pull = (name: string, ...flags: string[]) =>
    containerd.ctr(
      ...['images', 'pull', '--plain-http', '--snapshotter', 'native', '--platform', 'linux/amd64'],
      ...flags,
      `${registry}/${name}`,
    )

  test('pushes to a repository that is not there yet, and pulls it, with a name and a password', async () => {
    await seedImage('alice/seed:1')
    await pull('alice/seed:1', '--user', login('alice'))
    const push = (name: string, user: 'alice' | 'bob') =>
      containerd.ctr(
        ...['images', 'push', '--plain-http', '--platform', 'linux/amd64', '--user', login(user)],
        ...[`${registry}/${name}`, `${registry}/alice/seed:1`],
      )
    await push('alice/from-ctr:1', 'alice')
    await pull('alice/from-ctr:1', '--user', login('alice'))
    await expect(push('alice/from-ctr:2', 'bob')).rejects.toThrow()
    await expect(pull('alice/from-ctr:1', '--user', login('bob'))).rejects.toThrow()
    await expect(pull('alice/from-ctr:1')).rejects.toThrow()
  })

  test('pulls what is public without a login', async () => {
    const name = 'alice/seen:1'
    await seedImage(name)
    await expect(pull(name)).rejects.toThrow()
    await closed.metadata.change('setVisibility', { repository: 'alice/seen' as never, visibility: 'public' })
    await pull(name)
  })
})
