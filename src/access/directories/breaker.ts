import { RegistryError } from '../../oci/errors.ts'

/** Milliseconds until a directory that did not answer is asked again, at first and at the most. */
const firstPause = 2000
const longestPause = 30_000

/**
 * Stands before something that may be away: after it failed, others are told so at once, and from time to time one of
 * them finds out whether it is back.
 */
export class Breaker {
  readonly #now: () => number
  readonly #told: (change: { away: boolean; why: string }) => void
  #failures = 0
  #until = 0

  /** @param told of each time that it goes away or comes back */
  constructor(now: () => number, told: (change: { away: boolean; why: string }) => void) {
    this.#now = now
    this.#told = told
  }

  /** @throws DIRECTORY_UNAVAILABLE, also without asking */
  async run<T>(name: string, ask: () => Promise<T>): Promise<T> {
    const trial = this.#failures > 0
    if (trial) {
      if (this.#now() < this.#until) throw directoryUnavailable(name)
      // The others wait for what this one finds.
      this.#until = this.#now() + longestPause
    }
    try {
      const answer = await ask()
      if (this.#failures > 0) this.#told({ away: false, why: 'it answers again' })
      this.#failures = 0
      return answer
    } catch (error) {
      if (isAway(error)) this.#failed(error, trial)
      else if (trial) this.#until = this.#now()
      throw error
    }
  }

  #failed(error: RegistryError, trial: boolean): void {
    // Of many that were on the way when it went, one counts.
    if (this.#failures > 0 && !trial) return
    if (this.#failures === 0) this.#told({ away: true, why: reasonOf(error) })
    this.#failures += 1
    this.#until = this.#now() + Math.min(longestPause, firstPause * 2 ** (this.#failures - 1))
  }
}

/** A directory that answers, but does not do what it was asked for: no reason to ask it no more. */
export class DirectoryRefusal extends Error {}

function isAway(error: unknown): error is RegistryError {
  return (
    error instanceof RegistryError &&
    error.code === 'DIRECTORY_UNAVAILABLE' &&
    !(error.cause instanceof DirectoryRefusal)
  )
}

/** What the log and an operator are told; callers are not. */
export function reasonOf({ cause, message }: RegistryError): string {
  return cause instanceof Error ? cause.message : message
}

/** @param why undefined: it was found a moment ago */
export function directoryUnavailable(name: string, why?: unknown): RegistryError {
  return new RegistryError(
    'DIRECTORY_UNAVAILABLE',
    'the directory that knows this account does not answer: try again in a moment; the password may be right',
    { detail: { directory: name }, cause: why },
  )
}
