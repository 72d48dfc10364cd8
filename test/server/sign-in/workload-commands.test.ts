import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { berthExecutable, startBerth, temporaryDirectory } from '../../support/berth.ts'
import { type ClosedRegistry, openStoresOf, startClosedRegistry } from '../../support/closed-registry.ts'
import { attempt, run } from '../../support/command.ts'
import { metadataOf } from '../../support/metadata.ts'
import { type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { exchangeForm, githubClaims, makeRobot, makeTrust } from '../../support/workload.ts'

const issuerFlags = ['--issuer', 'https://gitlab.com', '--audience', 'https://registry.example.com']

describe.each([
  ['on the data directory, beside the server', ({ berth }: ClosedRegistry) => ['--data', berth.data]],
  ['through the API', ({ url }: ClosedRegistry) => ['--server', url]],
])('berth robot trust, %s,', (_, way) => {
  let closed: ClosedRegistry
  let env: Record<string, string>
  beforeAll(async () => {
    closed = await startClosedRegistry({ args: ['--log-level', 'error'] })
    await makeRobot(closed.metadata)
    env = { XDG_CONFIG_HOME: await temporaryDirectory(), ...(await metadataOf(closed.berth.data)) }
    const { name, password } = closed.root
    const login = ['login', closed.url, '--user', name, '--password-stdin']
    await run(berthExecutable, login, { env, input: password })
  }, 60_000)
  afterAll(() => closed?.[Symbol.asyncDispose]())

  const berth = (...args: string[]) => attempt(berthExecutable, [...args, ...way(closed)], { env })
  const trust = (verb: string, ...args: string[]) => berth('robot', 'trust', verb, 'acme+deploy', ...args)

  test('adds, lists and removes', async () => {
    expect((await trust('list')).stdout).toContain(
      'acme+deploy trusts no jobs: `berth robot trust add acme+deploy`',
    )
    const claims = ['--claim', 'project_path=acme/**', '--claim', 'ref_protected=true']
    const added = await trust('add', ...issuerFlags, ...claims, '--scope', 'acme/app:pull,push')
    expect(added).toMatchObject({ exitCode: 0, stderr: '' })
    expect(added.stdout).toContain(
      'where  project_path=acme/**\n       ref_protected=true\nto do  acme/app:pull,push\n',
    )
    const { trusts } = JSON.parse((await trust('list', '--output', 'json')).stdout)
    expect(trusts).toEqual([
      {
        id: expect.any(String),
        issuer: 'https://gitlab.com',
        audience: 'https://registry.example.com',
        claims: { project_path: 'acme/**', ref_protected: 'true' },
        scopes: ['acme/app:pull,push'],
        tokens: 0,
        createdAt: expect.any(String),
      },
    ])
    expect((await trust('list')).stdout).toContain('project_path=acme/** ref_protected=true')
    expect((await trust('remove', trusts[0].id)).stdout).toContain(`removed the trust ${trusts[0].id}`)
    const again = await trust('remove', trusts[0].id)
    expect([again.exitCode, again.stderr]).toEqual([1, `berth: acme+deploy has no trust ${trusts[0].id}\n`])
  })

  test.each([
    [['--claim', 'ref=main'], 1, 'every job of that issuer'],
    [['--claim', 'sub=repo:*'], 1, 'every job of that issuer'],
    [['--claim', 'sub'], 2, '--claim is written NAME=VALUE'],
    [['--claim', 'sub=a', '--claim', 'sub=b'], 2, '--claim names sub twice'],
    [['--claim', 'sub=a', '--scope', 'acme'], 2, 'a scope is written'],
  ])('refuses %j', async (flags, exitCode, words) => {
    const refused = await trust('add', ...issuerFlags, ...flags)
    expect(refused.exitCode).toBe(exitCode)
    expect(refused.stderr).toContain(words)
  })

  test('says what is missing', async () => {
    const without = await trust('add', '--claim', 'sub=a')
    expect([without.exitCode, without.stderr]).toEqual([
      2,
      expect.stringContaining('--issuer and --audience'),
    ])
    const absent = await berth('robot', 'trust', 'list', 'acme+absent')
    expect([absent.exitCode, absent.stderr]).toEqual([1, 'berth: there is no robot acme+absent\n'])
  })

  test('takes no more trusts than anybody can look after', async () => {
    const robot = await closed.metadata.findRobot({
      organisation: (await closed.metadata.findOrganisation('acme'))?.id ?? '',
      name: 'deploy',
    })
    for (let at = 0; at < 20; at += 1)
      await makeTrust(closed.metadata, robot?.id ?? '', { issuer: `https://issuer${at}.example` })
    const refused = await trust('add', ...issuerFlags, '--claim', 'sub=a')
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('has 20 trusts')])
  })
})

/** The journal is the embedded database's: on PostgreSQL there is nothing to rebuild. */
const keepsJournal = process.env.BERTH_TEST_METADATA !== 'postgres'

if (keepsJournal) describe('a rebuilt registry', rebuiltRegistry)

function rebuiltRegistry() {
  let issuer: OidcIssuer
  beforeAll(async () => {
    issuer = await startOidcIssuer()
  })
  afterAll(() => issuer?.[Symbol.asyncDispose]())

  test('trusts whom it did, and takes no token that was spent', async () => {
    const data = await temporaryDirectory()
    const opened = await openStoresOf(data)
    await makeTrust(opened.metadata, await makeRobot(opened.metadata), { issuer: issuer.url })
    await opened[Symbol.asyncDispose]()
    const options = {
      data,
      args: ['--log-level', 'error'],
      env: { BERTH_WORKLOAD_PRIVATE_ISSUERS: issuer.url },
    }
    const before = await startBerth(options)
    const exchange = async (url: string, token: string) =>
      (await fetch(`${url}/v2/token`, { method: 'POST', body: exchangeForm(token) })).status
    const token = await issuer.token(githubClaims)
    expect(await exchange(before.url, token)).toBe(200)
    await before.stop()
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(data, `metadata.sqlite${suffix}`), { force: true })
    await run(berthExecutable, ['rebuild', '--data', data])
    const after = await startBerth(options)
    expect(await exchange(after.url, token)).toBe(401)
    expect(await exchange(after.url, await issuer.token(githubClaims))).toBe(200)
    await after.stop()
  })
}
