import type { StoredManifest } from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Registry } from './registry.ts'

/** How a referrers list shows a manifest. */
export interface Referrer {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly artifactType?: string
  readonly annotations?: Record<string, string>
}

export interface ReferrersQuery {
  readonly repository: RepositoryName
  readonly subject: Digest
  /** Empty: every type. */
  readonly artifactType: string
  readonly after: string
  readonly limit: number
}

export interface ReferrersPage {
  readonly referrers: readonly Referrer[]
  /** Where the next page starts; undefined on the last. */
  readonly next: string | undefined
}

/** Manifests whose own subject names the digest, however they arrived. */
export async function listReferrers(registry: Registry, query: ReferrersQuery): Promise<ReferrersPage> {
  const manifests = await registry.metadata.listReferrers({
    ...query,
    after: query.after as Digest,
    limit: query.limit + 1,
  })
  const shown = manifests.slice(0, query.limit)
  return {
    // A damaged one has no annotations that could be read; the next page starts behind it all the same.
    referrers: shown.filter(({ damaged }) => !damaged).map(referrer),
    next: manifests.length > shown.length ? shown.at(-1)?.digest : undefined,
  }
}

function referrer({ digest, mediaType, bytes, artifactType }: StoredManifest): Referrer {
  const { annotations } = JSON.parse(new TextDecoder().decode(bytes)) as {
    annotations?: Record<string, string>
  }
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType ? { artifactType } : {}),
    ...(annotations ? { annotations } : {}),
  }
}
