import { sql } from 'kysely'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { statement } from './statement.ts'

interface InRepository {
  repository: RepositoryName
}

export const manifestByDigest = statement<InRepository & { digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select(['digest', 'media_type', 'bytes', 'artifact_type', 'confirmed_at', 'damaged_at'])
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

export const manifestByTag = statement<InRepository & { tag: Tag }>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .innerJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'tags.repository')
        .onRef('manifests.digest', '=', 'tags.digest'),
    )
    .select([
      'manifests.digest',
      'manifests.media_type',
      'manifests.bytes',
      'manifests.artifact_type',
      'manifests.confirmed_at',
      'manifests.damaged_at',
    ])
    .where('tags.repository', '=', arg('repository'))
    .where('tags.name', '=', arg('tag')),
)

interface ReferrersPage extends InRepository {
  subject: Digest
  artifactType: string
  after: string
  limit: number
}

/** Of a damaged manifest there is nothing to list: its annotations can't be read. */
export const referrers = statement<ReferrersPage>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select(['digest', 'media_type', 'bytes', 'artifact_type', 'confirmed_at', 'damaged_at'])
    .where('repository', '=', arg('repository'))
    .where('subject', '=', arg('subject'))
    .where('damaged_at', 'is', null)
    .where('digest', '>', arg('after') as Digest)
    .orderBy('digest')
    .limit(arg('limit')),
)

export const referrersOfType = statement<ReferrersPage>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select(['digest', 'media_type', 'bytes', 'artifact_type', 'confirmed_at', 'damaged_at'])
    .where('repository', '=', arg('repository'))
    .where('subject', '=', arg('subject'))
    .where('damaged_at', 'is', null)
    .where('artifact_type', '=', arg('artifactType'))
    .where('digest', '>', arg('after') as Digest)
    .orderBy('digest')
    .limit(arg('limit')),
)

export const linkedBlob = statement<InRepository & { digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('blob_links')
    .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
    .select(['blobs.object_key', 'blobs.size', 'blobs.damaged_at', 'blob_links.confirmed_at'])
    .where('blob_links.repository', '=', arg('repository'))
    .where('blob_links.digest', '=', arg('digest')),
)

export const holders = statement<{ digest: Digest; limit: number }>()(({ db, arg }) =>
  db.selectFrom('blob_links').select('repository').where('digest', '=', arg('digest')).limit(arg('limit')),
)

export const blobSlice = statement<{ after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom((slice) =>
      slice
        .selectFrom('blobs')
        .select(['digest', 'size'])
        .where('digest', '>', arg('after') as Digest)
        .orderBy('digest')
        .limit(arg('limit'))
        .as('slice'),
    )
    .select(({ fn }) => [
      fn.countAll<number>().as('count'),
      fn.coalesce(fn.sum<number>('size'), sql<number>`0`).as('bytes'),
      fn.max('digest').as('last'),
    ]),
)

export const upload = statement<InRepository & { id: string }>()(({ db, arg }) =>
  db
    .selectFrom('uploads')
    .select(['id', 'object_key', 'durable_offset', 'digest_so_far'])
    .where('id', '=', arg('id'))
    .where('repository', '=', arg('repository')),
)

export const uploadCount = statement<object>()(({ db }) =>
  db.selectFrom('uploads').select(({ fn }) => fn.countAll<number>().as('count')),
)

export const anyManifest = statement<InRepository>()(({ db, arg }) =>
  db.selectFrom('manifests').select('repository').where('repository', '=', arg('repository')).limit(1),
)

export const tagPage = statement<InRepository & { after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .select('name')
    .where('repository', '=', arg('repository'))
    .where('name', '>', arg('after') as Tag)
    .orderBy('name')
    .limit(arg('limit')),
)

/** Only repositories that hold something: no ghosts of deleted content. */
export const repositoryPage = statement<{ after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('repositories')
    .select('name')
    .where('name', '>', arg('after') as RepositoryName)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('manifests')
          .select(sql<number>`1`.as('one'))
          .whereRef('manifests.repository', '=', 'repositories.name'),
      ),
    )
    .orderBy('name')
    .limit(arg('limit')),
)

/** @param pattern the term between percent signs, with LIKE's own signs escaped by a backslash */
export const repositorySearch = statement<{ pattern: string; term: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('repositories')
    .select('name')
    .where(sql<boolean>`name like ${arg('pattern')} escape '\\'`)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('manifests')
          .select(sql<number>`1`.as('one'))
          .whereRef('manifests.repository', '=', 'repositories.name'),
      ),
    )
    .orderBy(sql`case when name = ${arg('term')} or name = 'library/' || ${arg('term')} then 0 else 1 end`)
    .orderBy('name')
    .limit(arg('limit')),
)
