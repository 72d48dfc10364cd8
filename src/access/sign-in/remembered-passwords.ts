import { createHmac, randomBytes } from 'node:crypto'

/** An account as it stands; whatever changes of it, a password that was right before is verified anew. */
export interface AccountState {
  readonly id: string
  readonly generation: number
  readonly passwordHash: string
}

const mostRemembered = 10_000

/**
 * Passwords that were verified a while ago: argon2id on each request with Basic would be ten requests a second. Only
 * a hash under a key of this process is kept, so that a dump of its memory is no list of weak hashes.
 */
export class RememberedPasswords {
  readonly #key = randomBytes(32)
  readonly #known = new Set<string>()
  readonly #limit: number

  constructor(limit = mostRemembered) {
    this.#limit = limit
  }

  has(account: AccountState, password: string): boolean {
    return this.#known.has(this.#markOf(account, password))
  }

  remember(account: AccountState, password: string): void {
    const mark = this.#markOf(account, password)
    this.#known.delete(mark)
    if (this.#known.size >= this.#limit) this.#forgetOldest()
    this.#known.add(mark)
  }

  #forgetOldest(): void {
    for (const oldest of this.#known) {
      this.#known.delete(oldest)
      return
    }
  }

  /** The texts under this process's key: nobody learns them from it. */
  markOf(...texts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(texts)).digest('base64')
  }

  #markOf({ id, generation, passwordHash }: AccountState, password: string): string {
    return this.markOf(id, String(generation), passwordHash, password)
  }
}
