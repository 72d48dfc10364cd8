import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { api } from '../../src/http/management/api.ts'
import { ask } from '../support/management.ts'
import { pushImage } from '../support/push.ts'
import { type ServedRegistry, serveRegistry } from '../support/served-registry.ts'

const digest = `sha256:${'0'.repeat(64)}`

interface Route {
  readonly method: string
  readonly path: string
}

/** Every route that the API takes requests at: its methods and paths, each once. */
function routesOf({ routes }: { routes: readonly Route[] }): Route[] {
  const seen = new Map(routes.map(({ method, path }) => [`${method} ${path}`, { method, path }]))
  return [...seen.values()]
}

/** A path with names in its places. */
function filled(path: string): string {
  return path
    .replace(':repository', 'team%2Fapp')
    .replace(':tag', 'latest')
    .replace(':digest', digest)
    .replace(':id', 'anything')
    .replace(/:(?:organisation|team|robot|user|namespace|subject|webhook)/g, 'some')
}

/** Asks every route for what nobody may do. @returns those that did it, or did not ask whether they may */
async function undecided({ url, asked }: ServedRegistry, routes: readonly Route[]): Promise<string[]> {
  const found: string[] = []
  for (const { method, path } of routes) {
    asked()
    const body = method === 'POST' || method === 'PUT' ? { body: '{}' } : {}
    const headers = { 'Content-Type': 'application/json' }
    const answer = await fetch(url + filled(path), { method, headers, ...body })
    await answer.bytes()
    if (answer.status !== 401 || asked().length === 0) found.push(`${method} ${path}: ${answer.status}`)
  }
  return found
}

describe('the management API', () => {
  let closed: ServedRegistry
  beforeAll(async () => {
    closed = await serveRegistry({
      decide: () => ({ allow: false, reason: 'nobody may do anything', because: 'anonymous' }),
    })
  })
  afterAll(() => closed[Symbol.asyncDispose]())

  test('has no route without a decision', async () => {
    const routes = routesOf(api)
    expect(routes.length).toBeGreaterThan(15)
    expect(await undecided(closed, routes)).toEqual([])
  })

  test('has no route without a decision: the walk finds one', async () => {
    const welcome = { method: 'GET', path: '/healthz' }
    expect(await undecided(closed, [welcome])).toEqual([])
    const open = await serveRegistry()
    expect(await undecided(open, [{ method: 'GET', path: '/api/v1/trash' }])).toEqual([
      'GET /api/v1/trash: 200',
    ])
    await open[Symbol.asyncDispose]()
  })

  test('describes each of its routes, with a schema for its answer', async () => {
    await using open = await serveRegistry()
    const document = (await (await fetch(`${open.url}/api/openapi.json`)).json()) as Document
    expect(document.openapi).toBe('3.1.0')
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        route: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
        operation,
      })),
    )
    const routes = routesOf(api).map(({ method, path }) => `${method} ${path}`)
    expect(described.map(({ route }) => route).sort()).toEqual(
      routes.filter((route) => route !== 'GET /api/openapi.json').sort(),
    )
    for (const { operation } of described) {
      for (const status of ['200', 'default']) {
        // JSON, or lines of it.
        const [described] = Object.values(operation.responses[status]?.content ?? {})
        const { $ref } = described?.schema ?? {}
        expect(document.components.schemas).toHaveProperty($ref?.split('/').at(-1) ?? 'no schema')
      }
    }
    expect(new Set(described.map(({ operation }) => operation.operationId)).size).toBe(described.length)
  })
})

interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

interface Operation {
  operationId: string
  responses: Record<string, { content: Record<string, { schema: { $ref: string } }> }>
}

test('the decision is asked about the repository that is meant', async () => {
  await using open = await serveRegistry()
  const { url, asked } = open
  await pushImage({ url, repository: 'team/app' })
  const { trash } = (await ask(url, 'DELETE', '/repositories/team%2Fapp')).body
  asked()
  const meant = async (method: string, path: string, body?: object) => {
    await ask(url, method, path, body)
    return asked().map(({ action, resource }) => `${action} ${resource ?? '*'}`)
  }
  expect(await meant('GET', '/repositories/team%2Fapp')).toEqual(['repository:pull team/app'])
  expect(await meant('GET', '/trash')).toEqual(['trash:list *'])
  expect(await meant('GET', '/trash?repository=team%2Fapp')).toEqual(['trash:list team/app'])
  expect(await meant('PUT', '/read-only', { readOnly: false })).toEqual(['server:administer *'])
  expect(await meant('POST', `/trash/${trash}/restore`, { repository: 'team/other' })).toEqual([
    'repository:push team/app',
    'repository:push team/other',
  ])
})

test('a run of the collector is started once', async () => {
  let runs = 0
  await using open = await serveRegistry({
    startCollector() {
      runs += 1
      return runs === 1
    },
  })
  expect((await ask(open.url, 'POST', '/gc', {})).body).toEqual({ started: true })
  expect((await ask(open.url, 'POST', '/gc', {})).body).toEqual({ started: false })
  expect(runs).toBe(2)
})
