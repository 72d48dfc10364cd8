import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { berthExecutable, type RunningBerth, startBerth } from '../../support/berth.ts'
import { as, basic, bearer, type ClosedRegistry, startClosedRegistry } from '../../support/closed-registry.ts'
import { attempt } from '../../support/command.ts'
import { blobUrl, manifestUrl, type PushedImage, pushImage } from '../../support/push.ts'

/** What an answer tells of a limit. */
function told(answer: Response) {
  const header = (name: string) => answer.headers.get(name)
  return {
    status: answer.status,
    limit: header('ratelimit-limit'),
    remaining: header('ratelimit-remaining'),
    source: header('docker-ratelimit-source'),
  }
}

async function pull(url: string, init: RequestInit = {}) {
  const answer = await fetch(url, init)
  await answer.bytes()
  return told(answer)
}

test('without a limit no answer tells of one', async () => {
  const berth = await startBerth()
  await pushImage({ url: berth.url, repository: 'free' })
  const answer = await pull(manifestUrl({ url: berth.url, repository: 'free' }, 'latest'))
  expect(answer).toEqual({ status: 200, limit: null, remaining: null, source: null })
  await berth.stop()
})

describe('an open registry with a limit for each address', () => {
  let berth: RunningBerth
  let image: PushedImage
  let manifest: string
  beforeAll(async () => {
    berth = await startBerth({
      env: {
        BERTH_LIMITS_PULLS_ANONYMOUS: '5/1h',
        BERTH_HTTP_CORS_ORIGINS: 'https://ui.example.com',
      },
    })
    const remote = { url: berth.url, repository: 'app' }
    image = await pushImage(remote)
    manifest = manifestUrl(remote, 'latest')
  })
  afterAll(() => berth?.stop())

  const standing = (remaining: number, status = 200) => ({
    status,
    limit: '5;w=3600',
    remaining: `${remaining};w=3600`,
    source: '127.0.0.1',
  })

  test('counts what is answered with a manifest, and nothing else', async () => {
    expect(await pull(manifest, { method: 'HEAD' })).toEqual(standing(5))
    expect(await pull(manifest)).toEqual(standing(4))
    expect(await pull(manifest.replace('latest', image.digest))).toEqual(standing(3))
    expect(await pull(manifest, { headers: { 'If-None-Match': `"${image.digest}"` } })).toEqual(
      standing(3, 304),
    )
    expect((await pull(manifest.replace('latest', 'absent'))).status).toBe(404)
    expect((await pull(manifest.replace('app', 'nowhere'))).status).toBe(404)
    expect(await pull(manifest, { method: 'HEAD' })).toEqual(standing(3))
    for (const left of [2, 1, 0]) expect(await pull(manifest)).toEqual(standing(left))
  })

  test('refuses more, and says how long and why', async () => {
    const answer = await fetch(manifest)
    expect(told(answer)).toEqual(standing(0, 429))
    const wait = Number(answer.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(3500)
    expect(wait).toBeLessThanOrEqual(3600)
    expect(await answer.json()).toEqual({
      errors: [
        {
          code: 'TOOMANYREQUESTS',
          message: `the limit of pulls is reached: 5 in 60 minutes for callers from 127.0.0.1 who have not signed in; try again in ${Math.ceil(wait / 60)} minutes`,
          detail: { retryAfter: wait, limit: 5, window: 3600, source: '127.0.0.1' },
        },
      ],
    })
  })

  test('goes on to answer what does not count', async () => {
    expect(await pull(manifest, { method: 'HEAD' })).toEqual(standing(0))
    expect(await pull(manifest, { headers: { 'If-None-Match': `"${image.digest}"` } })).toEqual(
      standing(0, 304),
    )
    const [layer] = (JSON.parse(image.manifest) as { layers: { digest: string }[] }).layers
    const blob = await fetch(blobUrl({ url: berth.url, repository: 'app' }, layer?.digest ?? ''))
    expect(blob.status).toBe(200)
    await pushImage({ url: berth.url, repository: 'app' }, { reference: 'more' })
  })

  test('ignores what a client says of its own address', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9' }
    expect(await pull(manifest, { headers })).toEqual(standing(0, 429))
  })

  test('lets pages in browsers read how they stand', async () => {
    const answer = await fetch(manifest, { headers: { Origin: 'https://ui.example.com' } })
    expect(answer.headers.get('access-control-expose-headers')?.toLowerCase()).toContain(
      'ratelimit-remaining',
    )
  })

  test('counts in its metrics what it refused', async () => {
    const metrics = await (await fetch(`${berth.url}/metrics`)).text()
    expect(metrics).toContain('\nberth_pulls_refused_total 3\n')
    expect(Number(/^berth_limit_keys (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0)
  })
})

test('when the told time is over, a pull goes through again', async () => {
  const berth = await startBerth({ env: { BERTH_LIMITS_PULLS_ANONYMOUS: '3/2s' } })
  const remote = { url: berth.url, repository: 'app' }
  await pushImage(remote)
  const manifest = manifestUrl(remote, 'latest')
  for (let round = 0; round < 2; round += 1) {
    const statuses = await Promise.all(Array.from({ length: 20 }, () => pull(manifest)))
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(3)
    const refused = await fetch(manifest)
    expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, 2])
    await Bun.sleep(2000)
  }
  await berth.stop()
})

describe('behind a trusted proxy', () => {
  let berth: RunningBerth
  let manifest: string
  beforeAll(async () => {
    berth = await startBerth({
      env: { BERTH_LIMITS_PULLS_ANONYMOUS: '3/1h', BERTH_HTTP_TRUSTED_PROXIES: '127.0.0.1' },
    })
    const remote = { url: berth.url, repository: 'app' }
    await pushImage(remote)
    manifest = manifestUrl(remote, 'latest')
  })
  afterAll(() => berth?.stop())

  const from = (address: string) => pull(manifest, { headers: { 'X-Forwarded-For': address } })

  test('each client has a limit of its own, whatever it says was in front of it', async () => {
    for (const left of ['2', '1', '0'])
      expect(await from('192.0.2.1')).toMatchObject({ remaining: `${left};w=3600`, source: '192.0.2.1' })
    expect((await from('192.0.2.1')).status).toBe(429)
    expect((await from('198.51.100.1, 192.0.2.1')).status).toBe(429)
    expect(await from('192.0.2.2')).toMatchObject({ status: 200, remaining: '2;w=3600' })
  })

  test('all addresses of one IPv6 network are one client', async () => {
    for (let host = 1; host <= 3; host += 1)
      expect(await from(`2001:db8:1:2::${host}`)).toMatchObject({
        status: 200,
        source: '2001:db8:1:2::/64',
      })
    expect((await from('2001:db8:1:2:ffff::9')).status).toBe(429)
    expect((await from('2001:db8:1:3::1')).status).toBe(200)
  })
})

describe('a registry with accounts', () => {
  let closed: ClosedRegistry
  beforeAll(async () => {
    closed = await startClosedRegistry({
      env: { BERTH_LIMITS_PULLS_ANONYMOUS: '2/1h', BERTH_LIMITS_PULLS_ACCOUNT: '4/6h' },
    })
  })
  afterAll(() => closed[Symbol.asyncDispose]())

  const asking = async (authorization: string | undefined, repository = 'alice/public') => {
    const answer = await as(authorization, `${closed.url}/v2/${repository}/manifests/latest`)
    await answer.bytes()
    return told(answer)
  }

  test('counts an account’s pulls however it came, and apart from its address', async () => {
    const token = bearer(await closed.token(basic(closed.alice), 'repository:alice/public:pull'))
    expect(await asking(token)).toEqual({
      status: 200,
      limit: '4;w=21600',
      remaining: '3;w=21600',
      source: 'alice',
    })
    expect(await asking(basic(closed.alice), 'alice/private')).toMatchObject({ remaining: '2;w=21600' })
    const nobody = bearer(await closed.token(undefined, 'repository:alice/public:pull'))
    expect(await asking(nobody)).toMatchObject({ remaining: '1;w=3600', source: '127.0.0.1' })
    expect(await asking(basic(closed.bob))).toMatchObject({ remaining: '3;w=21600', source: 'bob' })
  })

  test('tells who has no account to sign in, and who has one when to come again', async () => {
    const nobody = bearer(await closed.token(undefined, 'repository:alice/public:pull'))
    await asking(nobody)
    const url = `${closed.url}/v2/alice/public/manifests/latest`
    const refused = await (await as(nobody, url)).json()
    expect(JSON.stringify(refused)).toContain('sign in (docker login), or try again in 60 minutes')
    for (let time = 0; time < 4; time += 1) await asking(basic(closed.alice))
    const answer = await as(basic(closed.alice), url)
    expect(answer.status).toBe(429)
    expect(JSON.stringify(await answer.json())).toContain('4 in 6 hours for alice; try again in 6 hours')
  })

  test('a refused caller, or one who may not pull, is not told of a limit', async () => {
    expect(await asking(undefined, 'alice/private')).toMatchObject({ status: 401, limit: null })
    expect(await asking(basic(closed.bob), 'alice/private')).toMatchObject({ status: 404, limit: null })
  })
})

test('a limit that is none is told before anything starts', async () => {
  for (const limit of ['100', '0/6h', '100/6', '100/500ms', '100/31d', '-1/6h', 'off']) {
    const { exitCode, stderr } = await attempt(berthExecutable, ['serve', '--listen', '127.0.0.1:0'], {
      env: { BERTH_LIMITS_PULLS_ANONYMOUS: limit },
    })
    expect([limit, exitCode]).toEqual([limit, 2])
    expect(stderr).toContain('such as 100/6h')
  }
})
