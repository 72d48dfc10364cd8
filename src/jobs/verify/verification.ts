import type { BlobStore, ListsStorage, ReadsObjects } from '../../blobs/blob-store.ts'
import type { MissingAllowed } from '../../metadata/changes/manifests.ts'
import type {
  ChangesMetadata,
  CollectsGarbage,
  FindsBlobs,
  FindsDamage,
  FindsManifests,
  FindsTags,
  ListsObjects,
  TellsUsage,
} from '../../metadata/metadata-store.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Pace } from '../pace.ts'

export interface Verification {
  readonly metadata: ChangesMetadata &
    FindsManifests &
    FindsBlobs &
    ListsObjects &
    FindsDamage &
    FindsTags &
    Pick<CollectsGarbage, 'clock'> &
    Pick<TellsUsage, 'listMiscounted'>
  readonly blobs: BlobStore & ReadsObjects & ListsStorage
  /** Undefined: everything. */
  readonly repository: RepositoryName | undefined
  /** Whether damage is put on record, and taken back where it is none any more, and what was counted wrong counted anew. */
  readonly quarantine: boolean
  /** Milliseconds that an unknown object must have lain there to be removed; undefined: none is. */
  readonly removeUnknown: number | undefined
  /** Which references may point at nothing. */
  readonly missing: MissingAllowed
  readonly pace?: Pace
  /** Told as it goes on, for who watches. */
  progress?(step: Step): void
}

export interface Step {
  readonly of: 'blobs' | 'manifests' | 'storage'
  /** Bytes of blobs; else a count. */
  readonly done: number
  readonly total?: number
}
