import { parseAccountName } from '../../src/access/account-name.ts'
import type { Administration } from '../../src/access/administration.ts'
import { createDecide, type Decide } from '../../src/access/decide.ts'
import { anonymous, type Identity, operator } from '../../src/access/identity.ts'
import type { Switches } from '../../src/access/policy.ts'
import type { PasswordHasher } from '../../src/access/sign-in/password-hashes.ts'
import { addUser } from '../../src/access/users.ts'
import { type DataDirectory, openDataDirectory } from '../../src/data-directory.ts'
import { dispatch, type ServerState } from '../../src/http/dispatch.ts'
import { errorResponse } from '../../src/http/errors.ts'
import type { Exchange } from '../../src/http/exchange.ts'
import { Metrics } from '../../src/http/metrics.ts'
import { RegistryError } from '../../src/oci/errors.ts'
import type { Registry } from '../../src/registry/registry.ts'
import { UnfinishedHashes } from '../../src/registry/uploads/hashes.ts'
import { temporaryDirectory } from './berth.ts'
import { bodyLimits } from './body-limits.ts'

/** A registry whose callers are who a test says: no sign-in, but everything behind it. */
export interface RegistryWithCallers extends AsyncDisposable {
  readonly registry: Registry
  readonly accounts: Administration & { decide: Decide }
  readonly data: DataDirectory
  /** Makes a user. @returns who he is when he signs in */
  user(name: string, options?: { admin?: boolean }): Promise<Identity & { kind: 'user' }>
  /** What the caller is answered. */
  ask(identity: Identity, method: string, target: string, body?: string): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

export { anonymous }
export const root = operator('cli:root')

/** Costs no time: nobody signs in here. */
const hasher: PasswordHasher = {
  hash: async () => 'no hash',
  verify: async () => ({ matches: false, outdated: false }),
}

const usual: Switches = { anonymous: true, registration: 'off' }

export async function registryWithCallers(switches: Partial<Switches> = {}): Promise<RegistryWithCallers> {
  const data = await openDataDirectory({ data: await temporaryDirectory() })
  const { metadata, blobs } = data
  const now = () => Date.now()
  const decide = createDecide({ metadata, switches: { ...usual, ...switches }, now })
  const registry: Registry = {
    metadata,
    blobs,
    hashes: new UnfinishedHashes(),
    rules: {
      missing: 'all',
      deleteEnabled: true,
      grace: 3_600_000,
      readOnly: false,
      minFree: 0,
      immutableTags: [],
      trashRetention: 3_600_000,
    },
    now,
    newId: () => crypto.randomUUID(),
    newTrashId: () => Bun.randomUUIDv7(),
    pulled: () => undefined,
  }
  const accounts: RegistryWithCallers['accounts'] = {
    metadata,
    hasher,
    markClosed: () => blobs.markClosed(),
    requireWritable: async () => undefined,
    decide,
    registration: { ...usual, ...switches }.registration,
    now,
    newId: () => crypto.randomUUID(),
  }
  const exchangeOf = (identity: Identity, request: Request): Exchange => {
    const { pathname, search } = new URL(request.url)
    return {
      request,
      id: 'test',
      path: pathname,
      search: search.slice(1),
      identity,
      callers: undefined,
      decide,
      registry,
      pullLimits: undefined,
      client: () => '127.0.0.1',
      origin: () => 'http://localhost',
      limits: bodyLimits(),
      allowSlowness: () => undefined,
      audit: undefined,
      answered: () => undefined,
      mayPush: false,
      fresh: false,
      visibility: undefined,
      asked: undefined,
      refused: undefined,
      route: 'other',
      received: 0,
      sent: 0,
    }
  }
  return {
    registry,
    accounts,
    data,
    async user(name, { admin = false } = {}) {
      const user = { name: parseAccountName(name), password: 'correct horse battery', admin }
      await addUser(accounts, { ...user, first: false, invitation: null })
      const found = await metadata.findUser(name)
      if (!found) throw new Error(`there is no user ${name}`)
      return { kind: 'user', id: found.id, name, generation: found.generation }
    },
    async ask(identity, method, target, body) {
      const headers = { 'Content-Type': contentType(target) }
      const request = new Request(`http://localhost${target}`, { method, headers, ...(body ? { body } : {}) })
      const response = await answer(exchangeOf(identity, request))
      return { status: response.status, text: await response.text(), headers: response.headers }
    },
    [Symbol.asyncDispose]: () => data[Symbol.asyncDispose](),
  }
}

const state: ServerState = {
  version: '0.0.0',
  draining: false,
  metrics: new Metrics(
    {
      openUploads: async () => 0,
      storage: async () => ({ count: 0, bytes: 0 }),
      freeSpace: async () => undefined,
      nearQuotas: async () => ({ near: 0, full: 0 }),
      requestsInFlight: () => 0,
    },
    '0.0.0',
  ),
  startCollector: undefined,
  crew: undefined,
  notifying: undefined,
  accounts: { hasher, registration: 'off' },
  journal: () => undefined,
}

async function answer(exchange: Exchange): Promise<Response> {
  try {
    return await dispatch(exchange, state)
  } catch (error) {
    if (error instanceof RegistryError) return errorResponse(error)
    throw error
  }
}

function contentType(target: string): string {
  return target.startsWith('/api/') ? 'application/json' : 'application/vnd.oci.image.manifest.v1+json'
}
