import type { Attribution, HttpRequestFacts } from '../metadata/changes/attribution.ts'
import type { ChangesMetadata } from '../metadata/metadata-store.ts'
import type { Identity } from './identity.ts'

/** @param from where the request came from; undefined: it is a command on the stores themselves */
export function attributionOf(
  identity: Identity,
  from?: { readonly address: string; readonly request: string; readonly http?: HttpRequestFacts },
): Attribution {
  const known = identity.kind === 'user' || identity.kind === 'robot'
  return {
    caller: identity.name,
    kind: identity.kind,
    account: known ? identity.id : null,
    accessToken: (known && identity.bound?.accessToken) || null,
    address: from?.address ?? null,
    request: from?.request ?? null,
    ...(from?.http && { http: from.http }),
  }
}

/** The same store, whose changes are recorded as somebody's. */
export function inTheNameOf<Store extends ChangesMetadata>(metadata: Store, by: Attribution): Store {
  return { ...metadata, change: (name, args) => metadata.change(name, args, by) }
}
