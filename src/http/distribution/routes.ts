import type { Action } from '../../access/decide.ts'
import { RegistryError } from '../../oci/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { requireWritable } from '../../registry/read-only.ts'
import { authorize, type Exchange, json, recordCaller } from '../exchange.ts'
import { getBlob, removeBlob } from './blobs.ts'
import { getCatalog, getReferrers, getTags } from './listings.ts'
import { getManifest, putManifest, removeManifest } from './manifests.ts'
import { type Match, match } from './match.ts'
import { deleteUpload, getUpload, patchUpload, postUpload, putUpload } from './uploads.ts'

type Target = { repository: RepositoryName | undefined; last: string }

/** No handler without an action: the dispatcher asks for the decision before it calls one. */
interface Verb {
  readonly action: Action
  handle(exchange: Exchange, repository: RepositoryName, last: string): Response | Promise<Response>
}

type Verbs = Readonly<Record<string, Verb>>

const pullManifest: Verb = { action: 'repository:pull', handle: getManifest }
const pullBlob: Verb = { action: 'repository:pull', handle: getBlob }
const tags: Verb = { action: 'repository:pull', handle: getTags }
const referrers: Verb = { action: 'repository:pull', handle: getReferrers }
const catalog: Verb = { action: 'registry:list', handle: getCatalog }
const base: Verb = { action: 'registry:ping', handle: ping }

export const distributionRoutes: Readonly<Record<Match['route'], Verbs>> = {
  base: { GET: base, HEAD: base },
  catalog: { GET: catalog, HEAD: catalog },
  tags: { GET: tags, HEAD: tags },
  manifest: {
    GET: pullManifest,
    HEAD: pullManifest,
    PUT: { action: 'repository:push', handle: putManifest },
    DELETE: { action: 'repository:delete', handle: removeManifest },
  },
  blob: {
    GET: pullBlob,
    HEAD: pullBlob,
    DELETE: { action: 'repository:delete', handle: removeBlob },
  },
  uploads: { POST: { action: 'repository:push', handle: postUpload } },
  upload: {
    GET: { action: 'repository:push', handle: getUpload },
    HEAD: { action: 'repository:push', handle: getUpload },
    PATCH: { action: 'repository:push', handle: patchUpload },
    PUT: { action: 'repository:push', handle: putUpload },
    DELETE: { action: 'repository:push', handle: deleteUpload },
  },
  referrers: { GET: referrers, HEAD: referrers },
}

/** Answers a request under /v2. @throws RegistryError */
export function distribution(exchange: Exchange): Response | Promise<Response> {
  const found = match(exchange.path)
  if (!found) {
    throw new RegistryError(
      'ROUTE_UNKNOWN',
      'there is nothing at this path; the distribution API is described in the OCI distribution specification',
    )
  }
  exchange.route = found.route
  const verbs = distributionRoutes[found.route]
  const verb = Object.hasOwn(verbs, exchange.request.method) ? verbs[exchange.request.method] : undefined
  if (!verb) {
    throw new RegistryError('METHOD_NOT_ALLOWED', `this path takes ${Object.keys(verbs).join(', ')}`, {
      detail: { allow: Object.keys(verbs) },
    })
  }
  const { repository, last } = target(found)
  const allowed = authorize(exchange, verb.action, repository)
  const handle = () => verb.handle(exchange, repository as RepositoryName, last)
  const go = () => {
    if (!writes.has(verb.action)) return handle()
    recordCaller(exchange)
    return requireWritable(exchange.registry).then(handle)
  }
  return allowed ? allowed.then(go) : go()
}

const writes: ReadonlySet<Action> = new Set(['repository:push', 'repository:delete'])

function target(found: Match): Target {
  switch (found.route) {
    case 'base':
    case 'catalog':
      return { repository: undefined, last: '' }
    case 'tags':
    case 'uploads':
      return { repository: parseRepositoryName(found.name), last: '' }
    case 'manifest':
      return { repository: parseRepositoryName(found.name), last: found.reference }
    case 'blob':
    case 'referrers':
      return { repository: parseRepositoryName(found.name), last: found.digest }
    case 'upload':
      return { repository: parseRepositoryName(found.name), last: found.id }
  }
}

function ping(exchange: Exchange): Response {
  return json(exchange, {})
}
