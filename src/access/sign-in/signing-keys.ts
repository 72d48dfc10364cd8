import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { ChangesMetadata, ChecksSignIn, StoredSigningKey } from '../../metadata/metadata-store.ts'

/** Where the keys are kept: all processes of a registry share them. */
export interface SigningKeyStore {
  list(): Promise<readonly StoredSigningKey[]>
  /** Where one signs already, none is added. */
  addFirst(key: NewSigningKey): Promise<void>
}

export type NewSigningKey = Pick<StoredSigningKey, 'kid' | 'algorithm' | 'privateJwk' | 'publicJwk'>

/** Every verifier knows it, and a signature takes 64 bytes. */
export const algorithm = 'ES256'

/** How long a process goes by the keys that it read. Milliseconds. */
const readAgainAfter = 5000

interface LoadedKey {
  readonly stored: StoredSigningKey
  readonly publicKey: CryptoKey
}

/** The keys that tokens are signed with and verified by. */
export class SigningKeys {
  readonly #store: SigningKeyStore
  readonly #now: () => number
  #loaded: ReadonlyMap<string, LoadedKey> = new Map()
  #loadedAt = Number.NEGATIVE_INFINITY
  #loading: Promise<void> | undefined
  #signer: { kid: string; key: CryptoKey } | undefined

  constructor(store: SigningKeyStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** The newest key that is not retired; the first is made when it is asked for. */
  async signer(): Promise<{ kid: string; key: CryptoKey }> {
    await this.#refresh()
    let newest = this.#newest()
    if (!newest) {
      await this.#store.addFirst(await makeSigningKey())
      await this.#load()
      newest = this.#newest()
    }
    if (!newest) throw new Error('no key to sign tokens with could be kept')
    if (this.#signer?.kid !== newest.kid) {
      const key = await importJWK(JSON.parse(newest.privateJwk) as JWK, algorithm)
      this.#signer = { kid: newest.kid, key: key as CryptoKey }
    }
    return this.#signer
  }

  /** The key of that name, if there is one here: nothing that a token says leads to any other. */
  async verifier(kid: string): Promise<CryptoKey | undefined> {
    await this.#refresh()
    // Another process may have made it a moment ago; made-up names must not cost a query each.
    if (!this.#loaded.has(kid) && this.#now() - this.#loadedAt > 500) await this.#load()
    return this.#loaded.get(kid)?.publicKey
  }

  /** Whether the key is there, by what was read in the last seconds; where that is older, it is not known. */
  knows(kid: string): boolean {
    return this.#loaded.has(kid) && this.#now() - this.#loadedAt < readAgainAfter
  }

  /** What others verify with: the public keys, as RFC 7517 writes a set. */
  async published(): Promise<{ keys: JWK[] }> {
    await this.signer()
    const keys = [...this.#loaded.values()].map(({ stored }) => ({
      ...(JSON.parse(stored.publicJwk) as JWK),
      kid: stored.kid,
      alg: stored.algorithm,
      use: 'sig',
    }))
    return { keys }
  }

  #newest(): StoredSigningKey | undefined {
    return [...this.#loaded.values()]
      .map(({ stored }) => stored)
      .filter(({ retiredAt }) => retiredAt === undefined)
      .sort((a, b) => b.createdAt - a.createdAt || (a.kid < b.kid ? 1 : -1))[0]
  }

  async #refresh(): Promise<void> {
    if (this.#now() - this.#loadedAt >= readAgainAfter) await this.#load()
  }

  #load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #read(): Promise<void> {
    const stored = await this.#store.list()
    const loaded = new Map<string, LoadedKey>()
    for (const key of stored) {
      if (key.algorithm !== algorithm) continue
      const known = this.#loaded.get(key.kid)?.publicKey
      const publicKey = known ?? ((await importJWK(JSON.parse(key.publicJwk) as JWK, algorithm)) as CryptoKey)
      loaded.set(key.kid, { stored: key, publicKey })
    }
    this.#loaded = loaded
    this.#loadedAt = this.#now()
  }
}

/** A new key pair, under a name that says nothing. */
export async function makeSigningKey(): Promise<NewSigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return {
    kid: Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex'),
    algorithm,
    privateJwk: JSON.stringify(await exportJWK(privateKey)),
    publicJwk: JSON.stringify(await exportJWK(publicKey)),
  }
}

/** The keys in the registry's database. */
export function storedSigningKeys(
  metadata: Pick<ChecksSignIn, 'listSigningKeys'> & ChangesMetadata,
): SigningKeyStore {
  return {
    list: () => metadata.listSigningKeys(),
    async addFirst({ kid, algorithm, publicJwk, privateJwk }) {
      const row = { kid, algorithm, public_jwk: publicJwk, private_jwk: privateJwk }
      await metadata.change('putSigningKey', { ...row, first: true })
    },
  }
}
