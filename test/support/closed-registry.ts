import { loadSettings } from '../../src/config/load.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import { openOrMakeStores, type Stores } from '../../src/stores.ts'
import { type MadeUser, makeUser } from './accounts.ts'
import { type BerthOptions, type RunningBerth, startBerth, temporaryDirectory } from './berth.ts'
import { metadataOf } from './metadata.ts'
import { pushImage } from './push.ts'

/** A closed registry in a process of its own. alice owns `alice/private` and `alice/public`, bob `bob/private`. */
export interface ClosedRegistry extends AsyncDisposable {
  readonly berth: RunningBerth
  readonly url: string
  readonly alice: MadeUser
  readonly bob: MadeUser
  /** An administrator. */
  readonly root: MadeUser
  /** The registry's metadata, beside the server: as a command has it. */
  readonly metadata: MetadataStore
  /** Asks for a token. @param as undefined: anonymous */
  token(as: string | undefined, ...scopes: string[]): Promise<string>
}

export async function startClosedRegistry(options: Omit<BerthOptions, 'data'> = {}): Promise<ClosedRegistry> {
  const data = await temporaryDirectory()
  const stores = await openStoresOf(data)
  const { metadata } = stores
  const [alice, bob, root] = await Promise.all([
    makeUser(metadata, { name: 'alice' }),
    makeUser(metadata, { name: 'bob' }),
    makeUser(metadata, { name: 'harbourmaster', admin: true }),
  ])
  const berth = await startBerth({ ...options, data })
  const { url } = berth
  await pushImage({ url, repository: 'alice/private', authorization: basic(alice) })
  await pushImage({ url, repository: 'alice/public', authorization: basic(alice) })
  await pushImage({ url, repository: 'bob/private', authorization: basic(bob) })
  const repository = 'alice/public' as RepositoryName
  await metadata.change('setVisibility', { repository, visibility: 'public' })
  return {
    berth,
    url,
    alice,
    bob,
    root,
    metadata,
    async token(as, ...scopes) {
      const query = new URLSearchParams(scopes.map((scope): [string, string] => ['scope', scope]))
      const headers: Record<string, string> = as === undefined ? {} : { Authorization: as }
      const answer = await fetch(`${url}/v2/token?${query}`, { headers })
      if (!answer.ok) throw new Error(`token: ${answer.status} ${await answer.text()}`)
      return ((await answer.json()) as { token: string }).token
    },
    async [Symbol.asyncDispose]() {
      await berth.stop()
      await stores[Symbol.asyncDispose]()
    },
  }
}

/** The stores that a server or a command of the tests has on the data directory. */
export async function openStoresOf(data: string): Promise<Stores> {
  return openOrMakeStores(loadSettings({ flags: { data }, environment: await metadataOf(data) }))
}

export function basic({ name, password }: { name: string; password: string }): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

export function bearer(token: string): string {
  return `Bearer ${token}`
}

/** Asks as somebody. */
export function as(
  authorization: string | undefined,
  url: string,
  init: RequestInit = {},
): Promise<Response> {
  const signed = authorization === undefined ? {} : { Authorization: authorization }
  return fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...signed } })
}
