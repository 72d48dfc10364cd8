import type { Identity } from '../../access/identity.ts'
import { networkOf } from '../../access/sign-in/addresses.ts'
import type { Callers } from '../../access/sign-in/open-sign-in.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { Standing } from '../../rates/holding.ts'
import type { PullShares } from '../../rates/pull-shares.ts'
import type { Rate } from '../../rates/rolling-window.ts'
import { rateLimitHeaders } from '../headers.ts'

/** How many manifests may be fetched; undefined: as many as anybody likes. */
export interface PullRates {
  /** By each address, of callers who have not signed in. */
  readonly anonymous: Rate | undefined
  /** By each user and robot. */
  readonly account: Rate | undefined
}

/** Who pulls. */
export interface Puller {
  readonly identity: Identity
  /** Undefined: nobody can sign in. */
  readonly callers: Callers | undefined
  /** The address that he calls from. */
  client(): string
}

/** Who is limited. */
interface Source {
  readonly key: string
  /** As the caller is told. */
  readonly name: string
  readonly rate: Rate
}

/** Headers and their values. */
type Told = Readonly<Record<string, string>>

/** Limits of pulls. A pull is a GET that is answered with a manifest's bytes. */
export class PullLimits {
  readonly #rates: PullRates
  readonly #shares: PullShares
  #refusals = 0

  constructor(rates: PullRates, shares: PullShares) {
    this.#rates = rates
    this.#shares = shares
  }

  /**
   * @param counted false: it is only asked how the caller stands
   * @returns what the answer's headers say; undefined: no limit is for this caller
   * @throws TOO_MANY_REQUESTS
   */
  admit(puller: Puller, counted: boolean): undefined | Told | Promise<Told> {
    const source = this.#sourceOf(puller)
    if (!source) return undefined
    const { key, rate } = source
    const standing = counted ? this.#shares.take(key, rate) : this.#shares.look(key, rate)
    // Most need not wait, and an await costs as much as the count.
    if (!(standing instanceof Promise) && standing.allowed) return toldOf(source, standing)
    return this.#later(puller, source, standing)
  }

  async #later(puller: Puller, source: Source, asked: Standing | Promise<Standing>): Promise<Told> {
    const standing = await asked
    if (standing.allowed) return toldOf(source, standing)
    this.#refusals += 1
    throw await this.#usedUp(puller, source, standing)
  }

  /** Refused pulls. */
  get refusals(): number {
    return this.#refusals
  }

  #sourceOf({ identity, client }: Puller): Source | undefined {
    const { anonymous, account } = this.#rates
    switch (identity.kind) {
      case 'anonymous': {
        if (!anonymous) return undefined
        const network = networkOf(client())
        const name = network.includes(':') ? `${network}::/64` : network
        return { key: `address ${network}`, name, rate: anonymous }
      }
      case 'user':
      case 'robot':
        return account && { key: `account ${identity.id}`, name: identity.name, rate: account }
      case 'operator':
        return undefined
    }
  }

  async #usedUp(puller: Puller, { name, rate }: Source, { wait }: Standing): Promise<RegistryError> {
    const retryAfter = Math.ceil(wait / 1000)
    const who = puller.identity.kind === 'anonymous' ? `callers from ${name} who have not signed in` : name
    const advice = (await this.#maySignIn(puller)) ? 'sign in (docker login), or try again' : 'try again'
    return new RegistryError(
      'TOO_MANY_REQUESTS',
      `the limit of pulls is reached: ${rate.most} in ${inWords(rate.window / 1000)} for ${who}; ${advice} in ${inWords(retryAfter)}`,
      { detail: { retryAfter, limit: rate.most, window: rate.window / 1000, source: name } },
    )
  }

  /** Whether it would help. */
  async #maySignIn({ identity, callers }: Puller): Promise<boolean> {
    return identity.kind === 'anonymous' && callers !== undefined && (await callers.closed())
  }
}

function toldOf({ name, rate }: Source, { remaining }: Standing): Told {
  return rateLimitHeaders({ ...rate, remaining, source: name })
}

/** @param seconds above two of a unit it is told in that unit, and never shorter than it is */
function inWords(seconds: number): string {
  if (seconds <= 120) return seconds === 1 ? '1 second' : `${seconds} seconds`
  if (seconds <= 7200) return `${Math.ceil(seconds / 60)} minutes`
  if (seconds <= 172_800) return `${Math.ceil(seconds / 3600)} hours`
  return `${Math.ceil(seconds / 86_400)} days`
}
