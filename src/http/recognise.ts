import { auditBadSignIn } from './audit.ts'
import { authenticate, claimedName } from './authenticate.ts'
import { tokenPath } from './challenge.ts'
import type { Exchange } from './exchange.ts'

/** Sets who calls. Without a header that says so it costs a look for one. */
export function recognise(exchange: Exchange): undefined | Promise<void> {
  const { callers, request } = exchange
  const header = callers && request.headers.get('authorization')
  if (!header) return undefined
  const identity = authenticate(header, callers, exchange.client)
  if (!(identity instanceof Promise)) {
    exchange.identity = identity
    return undefined
  }
  return identity.then(
    (found) => {
      exchange.identity = found
      // Who asks for a token signs in each time, which is recorded there.
      exchange.fresh = callers.signIn.fresh.take(found) && exchange.path !== tokenPath
    },
    (error: unknown) => {
      const claimed = claimedName(header)
      if (claimed !== undefined) auditBadSignIn(exchange, claimed, error)
      throw error
    },
  )
}
