import type { ChecksSignIn } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { type Directory, issuerOf } from './directory.ts'
import type { DirectoryAccounts } from './directory-accounts.ts'
import { ShortMemory } from './short-memory.ts'

export interface DirectoryStandingOptions {
  readonly directories: readonly Directory[]
  readonly store: Pick<ChecksSignIn, 'findOutsideIdentity'>
  readonly accounts: DirectoryAccounts
  /** Milliseconds since 1970. */
  now(): number
}

/** Milliseconds until a directory that did not answer is asked about the same account again. */
const patience = 10_000

/**
 * Whether who comes with a token is still known to his directory. It is asked when somebody comes, and at most once in
 * the time that its word holds: who does not come costs nothing.
 */
export class DirectoryStanding {
  readonly #options: DirectoryStandingOptions
  /** Accounts that need no look for now. */
  readonly #good: ShortMemory<true>
  readonly #underWay = new Map<string, Promise<void>>()

  constructor(options: DirectoryStandingOptions) {
    this.#options = options
    this.#good = new ShortMemory({ now: options.now })
  }

  /**
   * @param account the id of a user
   * @throws UNAUTHORIZED where he is gone; DIRECTORY_UNAVAILABLE where his directory has not answered for too long
   */
  require(account: string): void | Promise<void> {
    if (this.#good.get(account)) return
    const running = this.#underWay.get(account)
    if (running) return running
    const look = this.#look(account).finally(() => this.#underWay.delete(account))
    this.#underWay.set(account, look)
    return look
  }

  async #look(account: string): Promise<void> {
    const { directories, store, accounts, now } = this.#options
    const identity = await store.findOutsideIdentity(account)
    // A local account never becomes a directory's.
    if (!identity) return this.#good.set(account, true, Number.POSITIVE_INFINITY)
    const directory = directories.find((candidate) => issuerOf(candidate) === identity.issuer)
    if (!directory) throw gone()
    // Another process may have asked.
    const holds = identity.checkedAt + directory.recheck
    if (holds > now()) return this.#good.set(account, true, holds)
    try {
      const people = await directory.find({ subject: identity.subject })
      const [person] = people
      if (!person || people.length > 1) {
        await accounts.withdraw(identity)
        throw gone()
      }
      await accounts.admit(directory, person)
      this.#good.set(account, true, now() + directory.recheck)
    } catch (error) {
      if (!mayWait(error) || identity.checkedAt + directory.outage <= now()) throw error
      this.#good.set(account, true, now() + patience)
    }
  }
}

/** What says nothing of him. */
function mayWait(error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    (error.code === 'DIRECTORY_UNAVAILABLE' || error.code === 'TOO_MANY_REQUESTS')
  )
}

function gone(): RegistryError {
  return new RegistryError(
    'UNAUTHORIZED',
    'the directory that this account comes from does not know it any more: nothing that it signed in with holds',
  )
}
