import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Fault } from '../inspect.ts'

/** What `berth verify` looked at and found. */
export interface VerificationReport {
  readonly checked: {
    readonly blobs: number
    readonly bytes: number
    readonly manifests: number
    /** Files or objects that were looked up in the metadata; null: not with one repository alone. */
    readonly stored: number | null
  }
  /** True when nothing is wrong. */
  readonly sound: boolean
  readonly counts: Readonly<Record<FindingKind, number>>
  /** At most so many of each kind as `mostListed` says; `counts` has them all. */
  readonly findings: readonly Finding[]
  /** So many objects could not be read that the storage seems to be away: they were not quarantined. */
  readonly storageAway: boolean
}

export type Finding =
  | BlobFinding
  | ManifestFinding
  | UnknownFinding
  /** What it is said to hold, and quotas go by, is not what it holds. */
  | { readonly kind: 'miscounted'; readonly namespace: string; readonly recounted: boolean }
  | { readonly kind: 'released'; readonly digest: Digest; readonly repository?: RepositoryName }
  /** Sound, but only when it was read a second time. */
  | { readonly kind: 'doubtful'; readonly digest: Digest; readonly reason: string }

export type FindingKind = Finding['kind']

export interface BlobFinding {
  readonly kind: Fault
  readonly digest: Digest
  readonly object: string
  readonly size: number
  readonly reason: string
  readonly quarantined: boolean
  /** Images of which it is a part, such as `team/app:1.0`, some of them. */
  readonly usedBy: readonly string[]
}

export interface ManifestFinding {
  readonly kind: 'manifest-damaged' | 'incomplete'
  readonly repository: RepositoryName
  readonly digest: Digest
  /** What an incomplete one refers to and its repository does not hold. */
  readonly absent: readonly Digest[]
  readonly quarantined: boolean
  readonly usedBy: readonly string[]
}

export interface UnknownFinding {
  readonly kind: 'unknown'
  /** Where it lies. */
  readonly name: string
  readonly size: number
  /** Milliseconds that it has lain there. */
  readonly age: number
  readonly fate: /** It stays until `--remove-unknown` is given. */
    | 'kept'
    /** Not old enough to be removed. */
    | 'too-young'
    /** The server removes it when `gc.keep-objects` is over. */
    | 'to-be-removed'
    /** Of no name that Berth gives: not its to remove. */
    | 'foreign'
}

/** What is wrong, as against what is only worth telling. */
const faults: ReadonlySet<FindingKind> = new Set([
  'damaged',
  'missing',
  'unreadable',
  'manifest-damaged',
  'incomplete',
  'unknown',
  'miscounted',
])

/** Findings of one kind that are listed one by one: a report must fit memory, whatever happened to the storage. */
export const mostListed = 10_000

/** Gathers findings. */
export class Findings {
  readonly list: Finding[] = []
  readonly counts: Record<FindingKind, number> = {
    damaged: 0,
    missing: 0,
    unreadable: 0,
    'manifest-damaged': 0,
    incomplete: 0,
    unknown: 0,
    miscounted: 0,
    released: 0,
    doubtful: 0,
  }

  add(finding: Finding): void {
    this.counts[finding.kind] += 1
    if (this.counts[finding.kind] <= mostListed) this.list.push(finding)
  }

  get sound(): boolean {
    return Object.entries(this.counts).every(
      ([kind, count]) => count === 0 || !faults.has(kind as FindingKind),
    )
  }
}
