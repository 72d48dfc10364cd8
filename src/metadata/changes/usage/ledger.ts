import type { Digest } from '../../../oci/digest.ts'
import type { RepositoryName } from '../../../oci/repository-name.ts'
import type { Transaction } from '../../engine.ts'

/** The transaction of a change that may alter what namespaces use: it notes so as it goes. */
export interface Counted extends Transaction {
  readonly ledger: Ledger
}

/** A namespace's change of one digest. */
export interface ContentChange {
  readonly namespace: string
  readonly digest: Digest
  /** Undefined: its blob tells, where it is new to the namespace. */
  size: number | undefined
  live: number
  trashed: number
}

export interface UsageChange {
  readonly namespace: string
  bytes: number
  reserved: number
  repositories: number
  /** What the upload that reserves has reserved for itself by then: nobody else is in its way there. */
  own: number
  /** What that upload will be; null: nobody knows yet. */
  digest: Digest | null
}

/** What a change adds to and takes from namespaces: put on record at its end, so that no lock on it is held for long. */
export class Ledger {
  readonly #content = new Map<string, ContentChange>()
  readonly #usage = new Map<string, UsageChange>()

  /** A link or a manifest of the repository begins to hold the digest (1), or ceases to (-1). */
  live(repository: RepositoryName, digest: Digest, by: { count: 1 | -1; size?: number }): void {
    const entry = this.#contentOf(repository, digest, by.size)
    entry.live += by.count
  }

  /** The same of something in the repository's trash. */
  trashed(repository: RepositoryName, digest: Digest, by: { count: 1 | -1; size?: number }): void {
    const entry = this.#contentOf(repository, digest, by.size)
    entry.trashed += by.count
  }

  /** @param bytes what an upload reserves more than before; less than 0: it gives back */
  reserve(
    repository: RepositoryName,
    bytes: number,
    { own, digest }: Pick<UsageChange, 'own' | 'digest'> = { own: 0, digest: null },
  ): void {
    const entry = this.usageOf(countedIn(repository))
    entry.reserved += bytes
    entry.own = Math.max(entry.own, own)
    entry.digest ??= digest
  }

  /** The repository got its first manifest (1), or lost its last (-1). */
  repository(repository: RepositoryName, count: 1 | -1): void {
    this.usageOf(countedIn(repository)).repositories += count
  }

  /** In the order in which every transaction takes their locks. */
  get content(): readonly ContentChange[] {
    return [...this.#content.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, entry]) => entry)
      .filter(({ live, trashed }) => live !== 0 || trashed !== 0)
  }

  /** In the order in which every transaction takes their locks; none that stays as it is. */
  get usage(): readonly UsageChange[] {
    return [...this.#usage.values()]
      .filter(({ bytes, reserved, repositories }) => bytes !== 0 || reserved !== 0 || repositories !== 0)
      .sort((a, b) => (a.namespace < b.namespace ? -1 : 1))
  }

  usageOf(namespace: string): UsageChange {
    let entry = this.#usage.get(namespace)
    if (!entry) {
      entry = { namespace, bytes: 0, reserved: 0, repositories: 0, own: 0, digest: null }
      this.#usage.set(namespace, entry)
    }
    return entry
  }

  #contentOf(repository: RepositoryName, digest: Digest, size: number | undefined): ContentChange {
    const namespace = countedIn(repository)
    // No namespace's name has a space, which sorts before all that names are made of.
    const key = `${namespace} ${digest}`
    let entry = this.#content.get(key)
    if (!entry) {
      entry = { namespace, digest, size, live: 0, trashed: 0 }
      this.#content.set(key, entry)
    }
    entry.size ??= size
    return entry
  }
}

/** The namespace whose quota a repository's content counts in. A name of one part is the administrators', as `library` is. */
export function countedIn(repository: RepositoryName): string {
  const slash = repository.indexOf('/')
  return slash < 0 ? 'library' : repository.slice(0, slash)
}
