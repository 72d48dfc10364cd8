import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { hashOfSecret } from '../../../src/access/sign-in/secrets.ts'
import type { AuditEvent } from '../../../src/client/audit-management.ts'
import { basic, bearer, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import { audience, type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { manifestUrl, pushImage } from '../../support/push.ts'
import { exchangeForm, githubClaims, makeRobot, makeTrust } from '../../support/workload.ts'

let closed: ClosedRegistry
let issuer: OidcIssuer
let robot: string

beforeAll(async () => {
  issuer = await startOidcIssuer()
  closed = await startClosedRegistry({
    args: ['--http-trusted-proxies', '127.0.0.1'],
    env: { BERTH_WORKLOAD_PRIVATE_ISSUERS: issuer.url, BERTH_WORKLOAD_LIFETIME: '20m' },
  })
  robot = await makeRobot(closed.metadata)
  await makeTrust(closed.metadata, robot, { issuer: issuer.url })
  const scopes = [{ type: 'repository', name: 'acme/app', actions: ['pull'] }]
  await makeTrust(closed.metadata, robot, {
    issuer: issuer.url,
    claims: { repository: 'acme/reader' },
    scopes,
  })
}, 60_000)
afterAll(async () => {
  await closed?.[Symbol.asyncDispose]()
  await issuer?.[Symbol.asyncDispose]()
})

const jobToken = (claims: object = {}) => issuer.token({ ...githubClaims, ...claims })
const asRobot = (password: string) => basic({ name: 'acme+deploy', password })

async function exchange(token: string, changed: Record<string, string | undefined> = {}) {
  const answer = await fetch(`${closed.url}/v2/token`, { method: 'POST', body: exchangeForm(token, changed) })
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}

async function exchanged(claims?: object): Promise<string> {
  const { status, body } = await exchange(await jobToken(claims))
  if (status !== 200) throw new Error(`exchange: ${status} ${JSON.stringify(body)}`)
  return (body as { access_token: string }).access_token
}

const asksToken = async (authorization: string, from?: string) => {
  const headers = { Authorization: authorization, ...(from ? { 'X-Forwarded-For': from } : {}) }
  const answer = await fetch(`${closed.url}/v2/token?scope=repository:acme/app:pull,push`, { headers })
  return { status: answer.status, text: await answer.text() }
}

describe('the exchange of a job’s token', () => {
  test('answers as RFC 8693 says, for no cache', async () => {
    const { status, headers, body } = await exchange(await jobToken())
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      access_token: expect.stringMatching(/^berth_robot_/),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 1200,
      issued_at: expect.any(String),
      username: 'acme+deploy',
    })
  })

  test('gives what pushes and pulls, as a password and as a bearer, until it is revoked', async () => {
    const token = await exchanged()
    const remote = { url: closed.url, repository: 'acme/app' }
    await pushImage({ ...remote, authorization: asRobot(token) })
    const statusOf = async (authorization: string) =>
      (await fetch(manifestUrl(remote, 'latest'), { headers: { Authorization: authorization } })).status
    const bought = bearer(await closed.token(asRobot(token), 'repository:acme/app:pull'))
    expect([await statusOf(asRobot(token)), await statusOf(bearer(token)), await statusOf(bought)]).toEqual([
      200, 200, 200,
    ])
    const { id } = await found(token)
    const revoked = await fetch(`${closed.url}/api/v1/tokens/${id}`, {
      method: 'DELETE',
      headers: { Authorization: basic(closed.root) },
    })
    expect(revoked.status).toBe(200)
    expect([await statusOf(asRobot(token)), await statusOf(bearer(token)), await statusOf(bought)]).toEqual([
      401, 401, 401,
    ])
  })

  test('gives no more than the trust is for', async () => {
    const token = await exchanged({ repository: 'acme/reader' })
    const { text } = await asksToken(asRobot(token))
    expect(JSON.parse(text)).toMatchObject({ scope: 'repository:acme/app:pull' })
  })

  test('says what is missing or not understood', async () => {
    const token = await jobToken()
    for (const [changed, words] of [
      [{ username: undefined }, 'username is missing: the robot to sign in as'],
      [{ subject_token: undefined }, 'subject_token is missing'],
      [{ subject_token_type: undefined }, 'subject_token_type is one of'],
      [{ subject_token_type: 'jwt' }, 'subject_token_type is one of'],
      [{ requested_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'requested_token_type is'],
      [{ scope: 'repository:acme/app:pull' }, 'scope is not taken here'],
      [{ service: 'other' }, 'for the service berth alone'],
      [{ grant_type: 'urn:x' }, 'grant_type is password, refresh_token or urn:ietf:params:oauth'],
    ] as const) {
      const { status, body } = await exchange(token, changed)
      expect(status).toBe(400)
      expect(JSON.stringify(body)).toContain(words)
    }
    expect((await exchange(token)).status).toBe(200)
  })

  test('of one that was exchanged is refused, and says so', async () => {
    const token = await jobToken()
    expect((await exchange(token)).status).toBe(200)
    const again = await exchange(token)
    expect(again.status).toBe(401)
    expect(again.body).toMatchObject({
      errors: [{ code: 'UNAUTHORIZED', message: expect.stringContaining('was used for acme+deploy before') }],
    })
  })

  test('while the issuer is down is told to come again', async () => {
    const down = await startOidcIssuer()
    await makeTrust(closed.metadata, robot, { issuer: 'https://issuer.invalid' })
    const { status, headers, body } = await exchange(await down.token({ iss: 'https://issuer.invalid' }))
    expect([status, headers.get('retry-after')]).toEqual([503, '30'])
    expect(JSON.stringify(body)).toContain('the keys of https://issuer.invalid can’t be had')
    await down[Symbol.asyncDispose]()
  })

  test('is not asked of an issuer at a private address that the operator has not listed', async () => {
    const inside = await startOidcIssuer()
    await makeTrust(closed.metadata, robot, { issuer: inside.url.replace('http:', 'https:') })
    const token = await inside.token({ iss: inside.url.replace('http:', 'https:') })
    const { status, body } = await exchange(token)
    expect(status).toBe(503)
    expect(JSON.stringify(body)).toContain('may not be reached: it is a loopback address')
    expect(inside.asked).toEqual(['/token'])
    await inside[Symbol.asyncDispose]()
  })
})

describe('a job’s token as a password', () => {
  test('pushes and pulls again and again from one address, and from no other', async () => {
    const token = await jobToken()
    const remote = { url: closed.url, repository: 'acme/app', authorization: asRobot(token) }
    await pushImage(remote, { reference: 'by-password' })
    expect((await asksToken(asRobot(token))).status).toBe(200)
    const elsewhere = await asksToken(asRobot(token), '198.51.100.7')
    expect(elsewhere.status).toBe(401)
    expect(elsewhere.text).toContain('was used from another address')
    expect((await exchange(token)).status).toBe(401)
  })

  test('buys a refresh token, as docker login wants one, that ends with the trust', async () => {
    const trust = await makeTrust(closed.metadata, robot, {
      issuer: issuer.url,
      claims: { run_id: '77', sub: 'x' },
    })
    const token = await jobToken({ repository: 'acme/other', run_id: '77', sub: 'x' })
    const answer = await fetch(`${closed.url}/v2/token?offline_token=true&account=acme%2Bdeploy`, {
      headers: { Authorization: asRobot(token) },
    })
    const { refresh_token: refresh } = (await answer.json()) as { refresh_token: string }
    const refreshed = async () => {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh })
      return (await fetch(`${closed.url}/v2/token`, { method: 'POST', body })).status
    }
    expect(await refreshed()).toBe(200)
    await closed.metadata.change('removeRobotTrust', { id: trust })
    expect(await refreshed()).toBe(401)
  })

  test('of a pipeline that is set up wrongly says in words what does not fit', async () => {
    const wrong = await asksToken(
      asRobot(await issuer.token(githubClaims, { audience: 'https://hub.example' })),
    )
    expect(wrong.status).toBe(401)
    expect(wrong.text).toContain(`aud must be \\"${audience}\\", and is \\"https://hub.example\\"`)
    expect((await asksToken(asRobot('eyJhbGciOiJIUzI1NiJ9.e30.AAAA'))).text).toContain('which is not taken')
  })
})

test('the audit log has which job signed in by which trust, and which did not', async () => {
  const job = 'repo:acme/app:environment:audited'
  const { id } = await found(await exchanged({ sub: job }))
  await exchange(await jobToken({ repository: 'evil/app' }), { username: 'acme+audited' })
  await asksToken(asRobot(await jobToken({ sub: `${job}:password` })))
  const created = await events({ action: 'token:create' })
  expect(created.find(({ subject }) => subject === id)).toMatchObject({ who: 'acme+deploy', kind: 'robot' })
  expect(JSON.stringify(created)).toContain(`workload ${job}:password`)
  expect(await soonEvents({ action: 'sign-in', outcome: 'done', user: 'acme+deploy' })).not.toEqual([])
  expect(await soonEvents({ action: 'sign-in', outcome: 'denied', user: 'acme+audited' })).toMatchObject([
    { kind: 'unknown', address: '127.0.0.1' },
  ])
}, 40_000)

test('no secret of a job is in the log', async () => {
  const token = await jobToken()
  await exchange(token)
  await asksToken(asRobot(token))
  await Bun.sleep(300)
  const log = closed.berth.output()
  expect(log).toContain('/v2/token')
  expect(log).not.toContain(token.split('.')[1] ?? '')
  expect(log).not.toContain('berth_robot_')
})

async function events(query: Record<string, string>): Promise<AuditEvent[]> {
  const url = `${closed.url}/api/v1/audit?${new URLSearchParams({ ...query, limit: '1000' })}`
  const answer = await fetch(url, { headers: { Authorization: basic(closed.root) } })
  return ((await answer.json()) as { events: AuditEvent[] }).events
}

/** Sign-ins are gathered for some seconds. */
async function soonEvents(query: Record<string, string>): Promise<AuditEvent[]> {
  for (const until = Date.now() + 20_000; ; await Bun.sleep(200)) {
    const found = await events(query)
    if (found.length > 0 || Date.now() > until) return found
  }
}

async function found(secret: string): Promise<{ id: string }> {
  const token = await closed.metadata.findAccessToken(hashOfSecret(secret))
  if (!token) throw new Error('the token is not on record')
  return token
}
