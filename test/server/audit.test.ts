import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditEvent } from '../../src/client/audit-management.ts'
import { makeAccessToken, makeUser } from '../support/accounts.ts'
import { berthExecutable, startBerth, temporaryDirectory } from '../support/berth.ts'
import { as, basic, bearer, type ClosedRegistry, startClosedRegistry } from '../support/closed-registry.ts'
import { attempt } from '../support/command.ts'
import { pushImage } from '../support/push.ts'

/** What happens is gathered for five seconds. */
const patience = 20_000

interface Asking {
  readonly url: string
  readonly authorization?: string
}

async function listed({ url, authorization }: Asking, query: Record<string, string>): Promise<AuditEvent[]> {
  const answer = await as(authorization, `${url}/api/v1/audit?${new URLSearchParams(query)}`)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { events: AuditEvent[] }).events
}

/** Waits for events that are gathered first. */
async function soon(asking: Asking, query: Record<string, string>, count = 1): Promise<AuditEvent[]> {
  for (const until = Date.now() + patience; ; await Bun.sleep(100)) {
    const found = await listed(asking, query)
    if (found.length >= count || Date.now() > until) return found
  }
}

for (const [name, args] of [
  ['one process', []],
  ['two workers', ['--workers', '2']],
] as const) {
  describe(`the audit log of a closed registry with ${name}`, () => {
    let closed: ClosedRegistry
    let asking: Asking
    beforeAll(async () => {
      closed = await startClosedRegistry({ args: ['--log-level', 'error', ...args] })
      asking = { url: closed.url, authorization: basic(closed.root) }
    })
    afterAll(() => closed[Symbol.asyncDispose]())

    test('has who pushed what, from where, with what', async () => {
      const { digest } = await pushImage({
        url: closed.url,
        repository: 'alice/private',
        authorization: basic(closed.alice),
      })
      const [event] = await listed(asking, { action: 'manifest:push', repository: 'alice/private' })
      expect(event).toMatchObject({
        who: 'alice',
        kind: 'user',
        address: '127.0.0.1',
        token: null,
        repository: 'alice/private',
        digest,
        outcome: 'done',
        count: 1,
      })
      expect(event?.request).toMatch(/^[0-9a-f]{8}-/)
      expect(event?.account).toBe(closed.alice.id)
      expect(await listed(asking, { action: 'blob:*', repository: 'alice/private' })).not.toHaveLength(0)
    })

    test('has sign-ins, good and bad, and nothing of what was given as a password', async () => {
      await closed.token(basic(closed.bob))
      const wrong = { name: 'bob', password: 'a secret that is wrong' }
      expect((await as(basic(wrong), `${closed.url}/v2/token`)).status).toBe(401)
      const form = new URLSearchParams({ grant_type: 'password', username: 'nobody', password: 'whatever' })
      expect((await fetch(`${closed.url}/v2/token`, { method: 'POST', body: form })).status).toBe(401)
      const bad = await soon(asking, { action: 'sign-in', outcome: 'denied' }, 2)
      expect(bad.map(({ who }) => who).sort()).toEqual(['bob', 'nobody'])
      expect(bad[0]).toMatchObject({
        kind: 'unknown',
        address: '127.0.0.1',
        detail: { code: 'UNAUTHORIZED' },
      })
      const good = await soon(asking, { action: 'sign-in', user: 'bob', outcome: 'done' })
      expect(good[0]).toMatchObject({ who: 'bob', kind: 'user', account: closed.bob.id })
      expect(JSON.stringify(await listed(asking, { limit: '1000' }))).not.toContain('secret that is wrong')
    })

    test('has pulls of private repositories, alike ones as one entry, and none of public ones', async () => {
      const token = await closed.token(
        basic(closed.alice),
        'repository:alice/private:pull',
        'repository:alice/public:pull',
      )
      const before = (await listed(asking, { action: 'sign-in', user: 'alice' })).length
      for (let time = 0; time < 3; time += 1) {
        for (const repository of ['alice/private', 'alice/public']) {
          const answer = await as(bearer(token), `${closed.url}/v2/${repository}/manifests/latest`)
          expect(answer.status).toBe(200)
        }
      }
      const pulls = await soon(asking, { action: 'manifest:pull' })
      expect(new Set(pulls.map(({ repository }) => repository))).toEqual(new Set(['alice/private']))
      expect(pulls[0]).toMatchObject({
        who: 'alice',
        outcome: 'done',
        digest: expect.stringMatching(/^sha256:/),
      })
      expect(pulls.reduce((sum, { count }) => sum + count, 0)).toBe(3)
      // The token again and again is no sign-in; to be given it was one.
      const signIns = await soon(asking, { action: 'sign-in', user: 'alice' }, before)
      expect(signIns.length).toBeLessThanOrEqual(before + 1)
    })

    test('has what somebody tried to do who may not', async () => {
      const answer = await as(basic(closed.bob), `${closed.url}/v2/alice/public/blobs/uploads/`, {
        method: 'POST',
      })
      expect(answer.status).toBe(403)
      const [denied] = await soon(asking, { user: 'bob', outcome: 'denied', repository: 'alice/public' })
      expect(denied).toMatchObject({
        action: 'repository:push',
        detail: { code: 'DENIED', method: 'POST', route: 'uploads' },
      })
    })

    test('has writes that failed', async () => {
      const answer = await as(basic(closed.alice), `${closed.url}/v2/alice/private/manifests/broken`, {
        method: 'PUT',
        body: 'no manifest',
        headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
      })
      expect(answer.status).toBe(400)
      const [failed] = await soon(asking, { user: 'alice', outcome: 'failed' })
      expect(failed).toMatchObject({ action: 'repository:push', detail: { code: 'MANIFEST_INVALID' } })
    })

    test('has changes of accounts and of access, and no hash', async () => {
      const made = await as(basic(closed.root), `${closed.url}/api/v1/users`, {
        method: 'POST',
        body: JSON.stringify({ name: `carol${args.length}`, password: 'correct horse battery' }),
        headers: { 'Content-Type': 'application/json' },
      })
      expect(made.status).toBe(200)
      const [event] = await listed(asking, { action: 'user:create' })
      expect(event).toMatchObject({
        who: 'harbourmaster',
        detail: { name: `carol${args.length}`, admin: false },
      })
      const gone = await as(basic(closed.root), `${closed.url}/api/v1/users/carol${args.length}`, {
        method: 'DELETE',
      })
      expect(gone.status).toBe(200)
      const [deletion] = await listed(asking, { action: 'user:delete' })
      expect(deletion).toMatchObject({ subject: event?.subject, detail: { name: `carol${args.length}` } })
      expect(JSON.stringify(await listed(asking, { limit: '1000' }))).not.toContain('argon2')
    })

    test('has with which access token somebody came, and that he did not who may not come any more', async () => {
      const { metadata, url } = closed
      const dora = await makeUser(metadata, { name: `dora${args.length}` })
      const { id: token, secret } = await makeAccessToken(metadata, dora.id)
      const credentials = basic({ name: dora.name, password: secret })
      expect((await as(credentials, `${url}/v2/`)).status).toBe(200)
      expect((await as(credentials, `${url}/v2/`)).status).toBe(200)
      await metadata.change('setUser', { id: dora.id, disabled: true })
      expect((await as(credentials, `${url}/v2/token`)).status).toBe(401)
      const signIns = await soon(asking, { action: 'sign-in', user: dora.name }, 2)
      expect(signIns).toMatchObject([
        { kind: 'unknown', outcome: 'denied', count: 1 },
        { kind: 'user', token, account: dora.id, outcome: 'done', count: 1 },
      ])
      expect(JSON.stringify(await listed(asking, { limit: '1000' }))).not.toContain(secret)
    })

    test('is for administrators alone', async () => {
      expect((await as(basic(closed.bob), `${closed.url}/api/v1/audit`)).status).toBe(403)
      expect((await as(undefined, `${closed.url}/api/v1/audit`)).status).toBe(401)
      expect((await as(basic(closed.bob), `${closed.url}/api/v1/audit/export`)).status).toBe(403)
    })

    test('is read page after page, from both ends, and exported in the same order', async () => {
      const whole = await listed(asking, { limit: '1000', order: 'oldest', until: '0s' })
      const ids: string[] = []
      const last = whole.at(-1)
      for (let after: string | null = ''; after !== null; ) {
        const query: URLSearchParams = new URLSearchParams({ limit: '7', after, order: 'newest' })
        const answer = await as(asking.authorization, `${closed.url}/api/v1/audit?${query}`)
        const page = (await answer.json()) as { events: AuditEvent[]; next: string | null }
        ids.push(...page.events.map(({ id }) => id))
        after = page.next
      }
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.slice(ids.indexOf(last?.id ?? '')).reverse()).toEqual(whole.map(({ id }) => id))
      const exported = await as(asking.authorization, `${closed.url}/api/v1/audit/export`)
      expect(exported.headers.get('content-type')).toBe('application/jsonl')
      const lines = (await exported.text())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as AuditEvent)
      expect(lines.slice(0, whole.length)).toEqual(whole)
    })

    test('verifies, by the API and by the command, with an anchor from before', async () => {
      const anchor = await attempt(berthExecutable, ['audit', 'anchor', '--data', closed.berth.data])
      expect(anchor.stdout).toMatch(/^number=\d+ hash=[0-9a-f]{64}\n$/)
      const file = join(await temporaryDirectory(), 'anchors')
      await writeFile(file, anchor.stdout)
      const command = await attempt(berthExecutable, [
        'audit',
        'verify',
        '--anchors',
        file,
        '--data',
        closed.berth.data,
      ])
      expect(command.stdout).toContain('they are as they were written')
      expect(command.stdout).toContain('1 anchor from elsewhere were compared')
      expect(command.exitCode).toBe(0)
      const answer = await as(asking.authorization, `${closed.url}/api/v1/audit/verify`, {
        method: 'POST',
        body: '{}',
        headers: { 'Content-Type': 'application/json' },
      })
      expect(await answer.json()).toMatchObject({ findings: [], trimmed: { number: 0 } })
      const metrics = await (await as(asking.authorization, `${closed.url}/metrics`)).text()
      expect(metrics).toMatch(/^berth_audit_last_verification_findings 0$/m)
      expect(metrics).toMatch(/^berth_audit_events_total [1-9]\d*$/m)
    })
  })
}

test('an open registry records who pushes by his address, and no pulls unless it is told to', async () => {
  const berth = await startBerth({ args: ['--log-level', 'error', '--audit-pulls', 'all'] })
  try {
    await pushImage({ url: berth.url, repository: 'team/app' })
    await (await fetch(`${berth.url}/v2/team/app/manifests/latest`)).bytes()
    expect((await listed({ url: berth.url }, { action: 'manifest:push' }))[0]).toMatchObject({
      who: 'anonymous',
      kind: 'anonymous',
      address: '127.0.0.1',
    })
    expect((await soon({ url: berth.url }, { action: 'manifest:pull' }))[0]).toMatchObject({
      who: 'anonymous',
    })
  } finally {
    await berth.stop()
  }
})

test('what a server that is killed left is whole, and what it gathered is written when it stops', async () => {
  const data = await temporaryDirectory()
  const first = await startBerth({ data, args: ['--log-level', 'error'] })
  await pushImage({ url: first.url, repository: 'team/app' })
  first.process.kill('SIGKILL')
  await first.process.exited
  const second = await startBerth({ data, args: ['--log-level', 'error', '--audit-pulls', 'all'] })
  await pushImage({ url: second.url, repository: 'team/other' })
  await (await fetch(`${second.url}/v2/team/other/manifests/latest`)).bytes()
  await second.stop()
  const verified = await attempt(berthExecutable, ['audit', 'verify', '--data', data, '--output', 'json'])
  expect(JSON.parse(verified.stdout)).toMatchObject({ findings: [] })
  expect(verified.exitCode).toBe(0)
  const listing = await attempt(berthExecutable, ['audit', 'list', '--data', data])
  expect(listing.stdout).toMatch(/anonymous +127\.0\.0\.1 +manifest:pull +team\/other/)
  expect(listing.stdout).toMatch(/anonymous +127\.0\.0\.1 +manifest:push +team\/app/)
})

test('the command tells of a row that somebody removed, and exits with 1', async () => {
  const berth = await startBerth({ args: ['--log-level', 'error'] })
  await pushImage({ url: berth.url, repository: 'team/app' })
  await berth.stop()
  if (process.env.BERTH_TEST_METADATA === 'postgres') return
  const { Database } = await import('bun:sqlite')
  const database = new Database(join(berth.data, 'metadata.sqlite'))
  database.run("delete from audit_events where action = 'manifest:push'")
  database.close()
  const verified = await attempt(berthExecutable, ['audit', 'verify', '--data', berth.data])
  expect(verified.stdout).toMatch(/^Event [0-9a-f]{16}-\d+, sealed at .*, was removed\.$/m)
  expect(verified.exitCode).toBe(1)
})
