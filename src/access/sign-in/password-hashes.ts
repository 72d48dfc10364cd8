import { HashingQueue } from './hashing-queue.ts'

/** What a verification found. */
export interface Verified {
  readonly matches: boolean
  /** Made by an older rule, such as an htpasswd file's: to be made anew while the password is at hand. */
  readonly outdated: boolean
}

/** Hashes passwords and verifies them, in Bun's thread pool and few at a time. */
export interface PasswordHasher {
  hash(password: string): Promise<string>
  /** @param hash undefined: there is no such account, and finding that out takes as long as a wrong password does */
  verify(password: string, hash: string | undefined): Promise<Verified>
}

/** OWASP's choice for argon2id: 19 MiB and two passes, about a tenth of a second. */
const argon2id = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const
const current = '$argon2id$v=19$m=19456,t=2,p=1$'

/** Bytes of a password that bcrypt looks at. Bun hashes a longer one first, which the makers of htpasswd files don't. */
const bcryptLength = 72

/** @throws TOO_MANY_REQUESTS where more wait than can be served soon */
export function createPasswordHasher(queue = new HashingQueue()): PasswordHasher {
  return {
    hash: (password) => queue.run(() => Bun.password.hash(password, argon2id)),
    async verify(password, hash) {
      const against = hash ?? nobodysHash
      const given = isBcrypt(against) ? Buffer.from(password).subarray(0, bcryptLength) : password
      const matches = await queue.run(() => Bun.password.verify(given, against))
      return { matches: matches && hash !== undefined, outdated: !against.startsWith(current) }
    },
  }
}

/** Whether it is a bcrypt entry that can be verified: `$2y$`, as htpasswd writes it, `$2b$` or `$2a$`. */
export function isBcrypt(hash: string): boolean {
  return /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(hash)
}

/** Of random bytes that nobody kept: what an unknown name is verified against. */
const nobodysHash = `${current}nBk08fFUasdTMp+PMSPpvs3Kfqlm8vYq/wzoZXBuBx8$p64U+InD42BYF71PUhlvkqmWI2HNZdcr5qFojoVxD/4`
