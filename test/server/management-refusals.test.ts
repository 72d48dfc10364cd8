import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ask, pulled, startFilled, teamApp } from '../support/management.ts'
import { pushImage } from '../support/push.ts'

type Filled = Awaited<ReturnType<typeof startFilled>>

describe('the management API', () => {
  let filled: Filled
  beforeAll(async () => {
    filled = await startFilled()
  })
  afterAll(() => filled.berth.stop())

  const absent = `sha256:${'0'.repeat(64)}`
  const refusals: [method: string, path: string, body: unknown, status: number, code: string][] = [
    ['GET', '/repositories/nope', undefined, 404, 'NAME_UNKNOWN'],
    ['GET', '/repositories/Upper', undefined, 400, 'NAME_INVALID'],
    ['GET', '/repositories/a%00b', undefined, 400, 'NAME_INVALID'],
    ['GET', '/repositories/%ff', undefined, 400, 'NAME_INVALID'],
    ['GET', '/repositories/%', undefined, 400, 'NAME_INVALID'],
    ['GET', '/repositories/team%252Fapp', undefined, 400, 'NAME_INVALID'],
    ['GET', '/repositories/team/app', undefined, 404, 'UNSUPPORTED'],
    ['GET', '/repositories?limit=0', undefined, 400, 'PARAMETER_INVALID'],
    ['GET', '/repositories?limit=1001', undefined, 400, 'PARAMETER_INVALID'],
    ['GET', '/repositories?limit=1&limit=2', undefined, 400, 'PARAMETER_INVALID'],
    ['GET', '/repositories?after=%00', undefined, 400, 'PARAMETER_INVALID'],
    ['GET', `/repositories?after=${'a'.repeat(2000)}`, undefined, 400, 'PARAMETER_INVALID'],
    ['DELETE', '/repositories/nope', undefined, 404, 'NAME_UNKNOWN'],
    ['DELETE', `${teamApp}?purge=yes`, undefined, 400, 'PARAMETER_INVALID'],
    ['GET', '/repositories/nope/tags', undefined, 404, 'NAME_UNKNOWN'],
    ['GET', `${teamApp}/tags/-x`, undefined, 400, 'TAG_INVALID'],
    ['GET', `${teamApp}/tags/never`, undefined, 404, 'MANIFEST_UNKNOWN'],
    ['GET', `${teamApp}/tags/latest?at=yesterday`, undefined, 400, 'PARAMETER_INVALID'],
    ['GET', `${teamApp}/tags/latest?at=2026-01-01T00:00:00`, undefined, 400, 'PARAMETER_INVALID'],
    ['GET', `${teamApp}/tags/never/history`, undefined, 404, 'MANIFEST_UNKNOWN'],
    ['DELETE', `${teamApp}/tags/never`, undefined, 404, 'MANIFEST_UNKNOWN'],
    ['POST', `${teamApp}/tags/never/restore`, {}, 404, 'MANIFEST_UNKNOWN'],
    ['POST', `${teamApp}/tags/v1/restore`, {}, 404, 'MANIFEST_UNKNOWN'],
    ['POST', `${teamApp}/tags/latest/restore`, { digest: absent }, 404, 'MANIFEST_UNKNOWN'],
    ['POST', `${teamApp}/tags/latest/restore`, { digest: 'sha256:1' }, 400, 'DIGEST_INVALID'],
    ['POST', `${teamApp}/tags/latest/restore`, { digest: absent, at: '1h' }, 400, 'PARAMETER_INVALID'],
    ['POST', `${teamApp}/tags/latest/restore`, { novel: true }, 400, 'PARAMETER_INVALID'],
    ['POST', `${teamApp}/tags/latest/restore`, [], 400, 'PARAMETER_INVALID'],
    ['DELETE', `${teamApp}/manifests/latest`, undefined, 400, 'DIGEST_INVALID'],
    ['DELETE', `${teamApp}/manifests/${absent}`, undefined, 404, 'MANIFEST_UNKNOWN'],
    ['GET', '/trash?repository=Upper', undefined, 400, 'NAME_INVALID'],
    ['DELETE', '/trash/nothing', undefined, 404, 'TRASH_UNKNOWN'],
    ['DELETE', '/trash/a%00b', undefined, 400, 'PARAMETER_INVALID'],
    ['POST', '/trash/nothing/restore', {}, 404, 'TRASH_UNKNOWN'],
    ['POST', '/trash/nothing/restore', { repository: 'Upper' }, 400, 'NAME_INVALID'],
    ['POST', '/trash/nothing/restore', { tag: '' }, 400, 'TAG_INVALID'],
    ['PUT', '/read-only', {}, 400, 'PARAMETER_INVALID'],
    ['PUT', '/read-only', { readOnly: 'true' }, 400, 'PARAMETER_INVALID'],
    ['PUT', '/read-only', 'x'.repeat(70_000), 413, 'SIZE_INVALID'],
    ['GET', '/gc/runs?limit=many', undefined, 400, 'PARAMETER_INVALID'],
    ['GET', '/nothing', undefined, 404, 'UNSUPPORTED'],
    ['PATCH', '/read-only', {}, 405, 'UNSUPPORTED'],
    ['DELETE', '/read-only', undefined, 405, 'UNSUPPORTED'],
    ['PUT', teamApp, {}, 405, 'UNSUPPORTED'],
  ]
  for (const [method, path, body, status, code] of refusals) {
    const shown = `${method} ${path.slice(0, 60)} ${JSON.stringify(body)?.slice(0, 40) ?? ''}`.trimEnd()
    test(`answers ${shown} with ${status} and ${code}`, async () => {
      const answer = await ask(filled.berth.url, method, path, body)
      expect([answer.status, answer.body.errors[0].code]).toEqual([status, code])
      expect(answer.body.errors[0].message.length).toBeGreaterThan(10)
      expect(answer.headers.get('content-type')).toBe('application/json')
      if (status === 405) expect(answer.headers.get('allow')).toMatch(/[A-Z]/)
    })
  }

  test('takes no POST and PUT that a page of another site could send', async () => {
    const { berth } = filled
    const forms = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      undefined,
    ]
    for (const type of forms) {
      const answer = await fetch(`${berth.url}/api/v1/read-only`, {
        method: 'PUT',
        // A blob without a type goes without a content type.
        body: new Blob(['{"readOnly":true}']),
        headers: { Origin: 'https://elsewhere.example', ...(type ? { 'Content-Type': type } : {}) },
      })
      expect(answer.status).toBe(415)
    }
    expect((await ask(berth.url, 'GET', '/read-only')).body.readOnly).toBe(false)
    const preflight = await fetch(`${berth.url}/api/v1/read-only`, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://elsewhere.example',
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'content-type',
      },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('takes a broken body for the client’s fault', async () => {
    const answer = await fetch(`${filled.berth.url}/api/v1/read-only`, {
      method: 'PUT',
      body: '{"readOnly":',
      headers: { 'Content-Type': 'application/json' },
    })
    expect(answer.status).toBe(400)
  })

  test('answers HEAD as GET, without the body', async () => {
    const url = `${filled.berth.url}/api/v1${teamApp}`
    const [get, head] = [await fetch(url), await fetch(url, { method: 'HEAD' })]
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String((await get.bytes()).length))
    expect(await head.text()).toBe('')
  })

  test('is counted by the names of its routes', async () => {
    const metrics = await (await fetch(`${filled.berth.url}/metrics`)).text()
    expect(metrics).toContain(
      'berth_http_requests_total{route="api.deleteTag",method="DELETE",status="404"} 1',
    )
    expect(metrics).not.toContain('team')
  })
})

test('with deletion switched off, nothing is deleted and no trash emptied', async () => {
  const { berth, first } = await startFilled(['--delete-enabled', 'false'])
  const paths = [teamApp, `${teamApp}/tags/v1`, `${teamApp}/manifests/${first.digest}`, '/trash']
  for (const path of paths) {
    const { status, body } = await ask(berth.url, 'DELETE', path)
    expect([path, status, body.errors[0].message]).toEqual([
      path,
      405,
      expect.stringContaining('delete.enabled'),
    ])
  }
  expect(await pulled(berth.url, 'v1')).toBe(first.digest)
  await berth.stop()
})

test('an immutable tag stays, and so does all of its repository', async () => {
  const { berth, first, remote } = await startFilled(['--tags-immutable', 'team/*:v*'])
  const moved = await pushImage(remote, { reference: 'v2', content: 'two' })
  const paths = [
    teamApp,
    `${teamApp}?purge=true`,
    `${teamApp}/tags/v1`,
    `${teamApp}/manifests/${first.digest}`,
  ]
  for (const path of paths) {
    const { status, body } = await ask(berth.url, 'DELETE', path)
    expect([path, status, body.errors[0].message]).toEqual([
      path,
      409,
      expect.stringContaining('tags.immutable'),
    ])
  }
  expect((await ask(berth.url, 'GET', teamApp)).body).toMatchObject({ manifests: 2, tags: 3 })
  expect(await pulled(berth.url, 'v2')).toBe(moved.digest)
  await berth.stop()
})
