import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Registry } from '../registry.ts'
import { onceThereIsRoom } from '../wait-for-room.ts'
import type { Leased } from './lease.ts'

/** Reserved at once for what may still come, so that a large upload asks seldom. Bytes. */
const ahead = 16 * 1024 * 1024

interface Growing extends Leased {
  readonly repository: RepositoryName
  /** Bytes of the upload before this request. */
  readonly offset: number
  /** What it will be; null: nobody knows yet. */
  readonly digest: Digest | null
}

/** Reserves what an upload brings, as its bytes arrive, where their number was not known before. */
export class RoomKeeper {
  readonly #registry: Registry
  readonly #upload: Growing
  #reserved = 0

  constructor(registry: Registry, upload: Growing) {
    this.#registry = registry
    this.#upload = upload
  }

  /**
   * @param received bytes that have come with this request
   * @returns what to wait for before they are written; undefined: there is room
   * @throws QUOTA_EXCEEDED, QUOTA_BUSY; BLOB_UPLOAD_UNKNOWN where the upload is another's
   */
  take(received: number): Promise<void> | undefined {
    const bytes = this.#upload.offset + received
    return bytes <= this.#reserved ? undefined : this.#reserve(bytes)
  }

  async #reserve(bytes: number): Promise<void> {
    const { metadata, rules } = this.#registry
    const { id, writer, repository, digest } = this.#upload
    const wanted = { id, writer, repository, digest, bytes, ahead, ...quotaOf(rules) }
    const reserved = await onceThereIsRoom(() => metadata.change('reserveUpload', wanted))
    if (reserved === undefined)
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'another request took this upload over')
    this.#reserved = reserved ?? Number.POSITIVE_INFINITY
  }
}

/** What changes that take room in a namespace are told. */
export function quotaOf({ quota }: Registry['rules']): { quota?: NonNullable<typeof quota> } {
  return quota === undefined ? {} : { quota }
}
