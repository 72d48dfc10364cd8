import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Reader } from './engine.ts'
import type { FindsDamage, KnownBlob } from './metadata-store.ts'
import { perLength, places, slices, statement } from './statement.ts'

/** What verification reads: the same queries on every engine. */
export function verificationReads(engine: Reader): FindsDamage {
  return {
    async findStored(by) {
      const row = await engine.first(storedBlob, by)
      return row && knownBlob(row)
    },
    async listLinkedBlobs({ after = '', ...page }) {
      return (await engine.all(linkedBlobs, { ...page, after })).map(knownBlob)
    },
    async objectsOfBlobs(objectKeys) {
      const found = new Set<string>()
      for (const slice of slices(objectKeys)) {
        const rows = await engine.all(ofBlobs(slice.length), { objectKeys: slice })
        for (const { object_key } of rows) found.add(object_key)
      }
      return found
    },
    async listAbsent(by) {
      const blobs = await engine.all(absentBlobs, by)
      const children = await engine.all(absentChildren, by)
      return [...new Set([...blobs, ...children].map(({ digest }) => digest))]
    },
    async listUsersOf(by) {
      return [...new Set((await engine.all(usersOf, by)).map(({ manifest }) => manifest))]
    },
  }
}

type BlobColumns = NonNullable<(typeof storedBlob)['row']>

function knownBlob(row: BlobColumns): KnownBlob {
  return {
    digest: row.digest,
    objectKey: row.object_key,
    size: row.size,
    damaged: row.damaged_at !== null,
  }
}

const storedBlob = statement<{ digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('blobs')
    .select(['digest', 'object_key', 'size', 'damaged_at'])
    .where('digest', '=', arg('digest')),
)

const linkedBlobs = statement<{ repository: RepositoryName; after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('blob_links')
    .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
    .select(['blobs.digest', 'blobs.object_key', 'blobs.size', 'blobs.damaged_at'])
    .where('blob_links.repository', '=', arg('repository'))
    .where('blob_links.digest', '>', arg('after') as Digest)
    .orderBy('blob_links.digest')
    .limit(arg('limit')),
)

const ofBlobs = perLength((length) =>
  statement<{ objectKeys: readonly string[] }>()(({ db, arg }) =>
    db
      .selectFrom('blobs')
      .select('object_key')
      .where('object_key', 'in', places(arg('objectKeys'), length)),
  ),
)

interface Address {
  repository: RepositoryName
  digest: Digest
}

const absentBlobs = statement<Address>()(({ db, arg }) =>
  db
    .selectFrom('manifest_references')
    .leftJoin('blob_links', (join) =>
      join
        .onRef('blob_links.repository', '=', 'manifest_references.repository')
        .onRef('blob_links.digest', '=', 'manifest_references.digest'),
    )
    .select('manifest_references.digest')
    .where('manifest_references.repository', '=', arg('repository'))
    .where('manifest_references.manifest', '=', arg('digest'))
    .where('manifest_references.role', 'in', ['config', 'layer', 'blob-child'])
    .where('blob_links.digest', 'is', null),
)

const absentChildren = statement<Address>()(({ db, arg }) =>
  db
    .selectFrom('manifest_references')
    .leftJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'manifest_references.repository')
        .onRef('manifests.digest', '=', 'manifest_references.digest'),
    )
    .select('manifest_references.digest')
    .where('manifest_references.repository', '=', arg('repository'))
    .where('manifest_references.manifest', '=', arg('digest'))
    .where('manifest_references.role', '=', 'child')
    .where('manifests.digest', 'is', null),
)

const usersOf = statement<Address & { limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('manifest_references')
    .select('manifest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('role', '!=', 'subject')
    .orderBy('manifest')
    .limit(arg('limit')),
)
