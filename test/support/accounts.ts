import { createPasswordHasher, type PasswordHasher } from '../../src/access/sign-in/password-hashes.ts'
import { hashOfSecret, newSecret } from '../../src/access/sign-in/secrets.ts'
import type { ChangesMetadata } from '../../src/metadata/metadata-store.ts'

export interface MadeUser {
  readonly id: string
  readonly name: string
  readonly password: string
}

/** Makes a user as the first account or another, and so closes the registry. */
export async function makeUser(
  metadata: ChangesMetadata,
  {
    name,
    password = `${name}-tidal-lantern`,
    admin = false,
    hash,
  }: {
    name: string
    password?: string
    admin?: boolean
    /** In place of the password's. */
    hash?: string
  },
): Promise<MadeUser> {
  const id = crypto.randomUUID()
  const passwordHash = hash ?? (await createPasswordHasher().hash(password))
  const user = { id, name, email: null, passwordHash, admin, first: false, invitation: null }
  await metadata.change('createUser', user)
  return { id, name, password }
}

export interface TokenLimits {
  readonly scopes?: readonly object[]
  readonly addresses?: readonly string[]
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
}

/** Makes an access token of a user. @returns its secret */
export async function makeAccessToken(
  metadata: ChangesMetadata,
  owner: string,
  { scopes, addresses, expiresAt }: TokenLimits = {},
): Promise<{ id: string; secret: string }> {
  const [id, secret] = [crypto.randomUUID(), newSecret('pat')]
  await metadata.change('createAccessToken', {
    id,
    owner_kind: 'user',
    owner,
    name: id,
    hash: hashOfSecret(secret),
    scopes: scopes ? JSON.stringify(scopes) : null,
    addresses: addresses ? JSON.stringify(addresses) : null,
    expires_at: expiresAt ?? null,
  })
  return { id, secret }
}

/** A hasher that counts, so that time is told without a clock. */
export function countingHasher(): PasswordHasher & { verified: number; hashed: number } {
  const real = createPasswordHasher()
  const counting = {
    verified: 0,
    hashed: 0,
    hash(password: string) {
      counting.hashed += 1
      return real.hash(password)
    },
    verify(password: string, hash: string | undefined) {
      counting.verified += 1
      return real.verify(password, hash)
    },
  }
  return counting
}
