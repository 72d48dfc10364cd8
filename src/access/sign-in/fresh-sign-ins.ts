import type { Identity } from '../identity.ts'

/** Access tokens that are remembered to have been used from somewhere. */
const mostRemembered = 10_000
/** After this long the use of an access token is a sign-in again. Milliseconds. */
const freshAgain = 3_600_000

/**
 * Which callers have just signed in: clients send a password or an access token with each request, and only the first of
 * them is a sign-in.
 */
export class FreshSignIns {
  readonly #fresh = new WeakSet<Identity>()
  readonly #used = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** His password was verified. */
  note<I extends Identity>(identity: I): I {
    this.#fresh.add(identity)
    return identity
  }

  /** He came with an access token. */
  noteUse<I extends Identity>(
    identity: I,
    { accessToken, address }: { accessToken: string; address: string },
  ): I {
    const key = `${accessToken} ${address}`
    const now = this.#now()
    if (now - (this.#used.get(key) ?? Number.NEGATIVE_INFINITY) < freshAgain) return identity
    this.#used.delete(key)
    this.#used.set(key, now)
    if (this.#used.size > mostRemembered) this.#forgetOldest()
    return this.note(identity)
  }

  /** Whether he has just signed in; told once. */
  take(identity: Identity): boolean {
    return this.#fresh.delete(identity)
  }

  #forgetOldest(): void {
    for (const key of this.#used.keys()) {
      this.#used.delete(key)
      return
    }
  }
}
