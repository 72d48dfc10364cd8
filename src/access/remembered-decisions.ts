import type { DecidesAccess } from '../metadata/accounts-store.ts'
import type { Action, Decision, Resource } from './actions.ts'
import type { Decide } from './decide.ts'
import type { Identity } from './identity.ts'

/** Repositories that one caller is remembered to have asked for. */
const mostRemembered = 1000

interface Remembered {
  readonly stamp: number
  readonly decisions: Map<Action, Map<Resource, Decision>>
  count: number
}

/**
 * Decides as before where nothing has changed since: a pull of an image asks the same for each layer. What is
 * remembered belongs to one caller as he signed in, and is forgotten with the first change of accounts or grants, and
 * when the access token that he came with expires.
 * @param now milliseconds since 1970
 */
export function rememberDecisions(decide: Decide, metadata: DecidesAccess, now: () => number): Decide {
  if (!metadata.accessStamp) return decide
  const byCaller = new WeakMap<Identity, Remembered>()
  return (identity, action, resource) => {
    if (!isLasting(identity, resource)) return decide(identity, action, resource)
    const stamp = metadata.accessStamp?.() ?? -1
    let remembered = byCaller.get(identity)
    if (!remembered || remembered.stamp !== stamp || remembered.count >= mostRemembered) {
      remembered = { stamp, decisions: new Map(), count: 0 }
      byCaller.set(identity, remembered)
    }
    const decisions = decisionsOf(remembered, action)
    const found = decisions.get(resource)
    if (found && (found.until === undefined || found.until > now())) return found
    const keep = (decision: Decision) => {
      // It may have looked at something newer than the stamp.
      if (metadata.accessStamp?.() === stamp) {
        decisions.set(resource, decision)
        remembered.count += 1
      }
      return decision
    }
    const decision = decide(identity, action, resource)
    return decision instanceof Promise ? decision.then(keep) : keep(decision)
  }
}

function isLasting(identity: Identity, resource: Resource): boolean {
  if (identity.kind === 'operator') return false
  return resource === undefined || typeof resource === 'string'
}

function decisionsOf({ decisions }: Remembered, action: Action): Map<Resource, Decision> {
  let found = decisions.get(action)
  if (!found) {
    found = new Map()
    decisions.set(action, found)
  }
  return found
}
