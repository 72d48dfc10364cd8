import { createLocalJWKSet } from 'jose'
import { RegistryError } from '../../oci/errors.ts'
import { type FetchKeys, IssuerFailure } from './issuer-documents.ts'

/** Finds the key that a token says it is signed with, among its issuer's. */
export type KeySet = ReturnType<typeof createLocalJWKSet>

const second = 1000
/** How long keys are gone by without asking for them again. */
const fresh = 5 * 60 * second
/** How long they are, where the issuer can't be asked. */
const usable = 24 * 3600 * second
/** Between two attempts to ask one issuer, whatever comes: tokens with made-up keys must not make us a hammer. */
const cooldown = 5 * second
/** Issuers whose keys are remembered. */
const mostIssuers = 200
/** Issuers that are asked at the same time: on a hub anybody may name some that answer slowly. */
const mostAsked = 32

interface Known {
  keys: KeySet | undefined
  /** Milliseconds since 1970. */
  fetchedAt: number
  askedAt: number
  failure: string | undefined
  asking: Promise<void> | undefined
}

/** The keys of issuers, as they were told lately. */
export class IssuerKeys {
  readonly #fetch: FetchKeys
  readonly #now: () => number
  readonly #issuers = new Map<string, Known>()
  #asked = 0

  constructor(fetch: FetchKeys, now: () => number) {
    this.#fetch = fetch
    this.#now = now
  }

  /** @throws ISSUER_UNAVAILABLE where it can't be asked, and was not for a day */
  async of(issuer: string): Promise<KeySet> {
    const known = this.#known(issuer)
    if (this.#age(known) >= fresh) await this.#ask(issuer, known)
    return this.#usable(issuer, known)
  }

  /**
   * For a token whose key is not among them: the issuer may have begun to use a new one.
   * @returns undefined where it was asked a moment ago
   */
  async newer(issuer: string, than: KeySet): Promise<KeySet | undefined> {
    const known = this.#known(issuer)
    await this.#ask(issuer, known)
    return known.keys === than ? undefined : known.keys
  }

  #age({ fetchedAt }: Known): number {
    return this.#now() - fetchedAt
  }

  #usable(issuer: string, known: Known): KeySet {
    if (known.keys && this.#age(known) < usable) return known.keys
    throw new RegistryError(
      'ISSUER_UNAVAILABLE',
      `the keys of ${issuer} can’t be had, so that its tokens can’t be verified: ${known.failure}`,
      { detail: { issuer } },
    )
  }

  /** Many that ask at once are one request. */
  async #ask(issuer: string, known: Known): Promise<void> {
    if (known.asking) return known.asking
    if (this.#now() - known.askedAt < cooldown) return
    known.askedAt = this.#now()
    known.asking = this.#refresh(issuer, known).finally(() => {
      known.asking = undefined
    })
    return known.asking
  }

  async #refresh(issuer: string, known: Known): Promise<void> {
    if (this.#asked >= mostAsked) {
      known.failure = 'too many issuers are asked for theirs at this moment'
      return
    }
    this.#asked += 1
    try {
      const keys = await this.#fetch(issuer)
      known.keys = createLocalJWKSet(keys)
      known.fetchedAt = this.#now()
      known.failure = undefined
    } catch (error) {
      if (!(error instanceof IssuerFailure)) throw error
      known.failure = error.message
    } finally {
      this.#asked -= 1
    }
  }

  #known(issuer: string): Known {
    const found = this.#issuers.get(issuer)
    // The one that was asked for longest ago goes first.
    this.#issuers.delete(issuer)
    if (!found && this.#issuers.size >= mostIssuers) {
      for (const oldest of this.#issuers.keys()) {
        this.#issuers.delete(oldest)
        break
      }
    }
    const never = Number.NEGATIVE_INFINITY
    const known = found ?? {
      keys: undefined,
      fetchedAt: never,
      askedAt: never,
      failure: undefined,
      asking: undefined,
    }
    this.#issuers.set(issuer, known)
    return known
  }
}
