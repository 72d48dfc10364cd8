import { sql } from 'kysely'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { statement } from './statement.ts'

/** What operators ask: sums of a repository, its tags, and the trash. */

interface Slice {
  repository: RepositoryName
  after: string
  limit: number
}

export const manifestSlice = statement<Slice>()(({ db, arg }) =>
  db
    .selectFrom((slice) =>
      slice
        .selectFrom('manifests')
        .select(['digest', 'pushed_at'])
        .where('repository', '=', arg('repository'))
        .where('digest', '>', arg('after') as Digest)
        .orderBy('digest')
        .limit(arg('limit'))
        .as('slice'),
    )
    .select(({ fn }) => [
      fn.countAll<number>().as('count'),
      fn.max('pushed_at').as('last_push'),
      fn.max('digest').as('last'),
    ]),
)

export const linkSlice = statement<Slice>()(({ db, arg }) =>
  db
    .selectFrom((slice) =>
      slice
        .selectFrom('blob_links')
        .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
        .select(['blob_links.digest', 'blobs.size'])
        .where('blob_links.repository', '=', arg('repository'))
        .where('blob_links.digest', '>', arg('after') as Digest)
        .orderBy('blob_links.digest')
        .limit(arg('limit'))
        .as('slice'),
    )
    .select(({ fn }) => [
      fn.countAll<number>().as('count'),
      fn.coalesce(fn.sum<number>('size'), sql<number>`0`).as('bytes'),
      fn.max('digest').as('last'),
    ]),
)

export const tagSlice = statement<Slice>()(({ db, arg }) =>
  db
    .selectFrom((slice) =>
      slice
        .selectFrom('tags')
        .select('name')
        .where('repository', '=', arg('repository'))
        .where('name', '>', arg('after') as Tag)
        .orderBy('name')
        .limit(arg('limit'))
        .as('slice'),
    )
    .select(({ fn }) => [fn.countAll<number>().as('count'), fn.max('name').as('last')]),
)

export const taggedManifests = statement<Slice>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .innerJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'tags.repository')
        .onRef('manifests.digest', '=', 'tags.digest'),
    )
    .select([
      'tags.name',
      'tags.digest',
      'tags.updated_at',
      'manifests.media_type',
      'manifests.content_size',
      'manifests.pushed_at',
    ])
    .where('tags.repository', '=', arg('repository'))
    .where('tags.name', '>', arg('after') as Tag)
    .orderBy('tags.name')
    .limit(arg('limit')),
)

export const pointedAt = statement<{ repository: RepositoryName; tag: Tag; digest: Digest }>()(
  ({ db, arg }) =>
    db
      .selectFrom('tag_history')
      .select('at')
      .where('repository', '=', arg('repository'))
      .where('tag', '=', arg('tag'))
      .where('digest', '=', arg('digest'))
      .limit(1),
)

/** What is being emptied is in the trash no more. */
export const trash = statement<{ after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trash')
    .selectAll()
    .where('id', '>', arg('after'))
    .where('deleted_at', '>', 0)
    .orderBy('id')
    .limit(arg('limit')),
)

export const trashOf = statement<Slice>()(({ db, arg }) =>
  db
    .selectFrom('trash')
    .selectAll()
    .where('repository', '=', arg('repository'))
    .where('id', '>', arg('after'))
    .where('deleted_at', '>', 0)
    .orderBy('id')
    .limit(arg('limit')),
)

export const trashById = statement<{ id: string }>()(({ db, arg }) =>
  db.selectFrom('trash').selectAll().where('id', '=', arg('id')).where('deleted_at', '>', 0),
)

/** Where a manifest lies in the trash of its repository, the latest deletion first. */
export const trashWith = statement<{ repository: RepositoryName; digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('trash')
    .innerJoin('trashed_manifests', 'trashed_manifests.trash', 'trash.id')
    .select('trash.id')
    .where('trash.repository', '=', arg('repository'))
    .where('trash.deleted_at', '>', 0)
    .where('trashed_manifests.digest', '=', arg('digest'))
    .orderBy('trash.id', 'desc')
    .limit(1),
)

export const trashedTags = statement<{ id: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_tags')
    .select(['tag', 'digest'])
    .where('trash', '=', arg('id'))
    .orderBy('tag')
    .limit(arg('limit')),
)

export const trashedTagCount = statement<{ id: string }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_tags')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('trash', '=', arg('id')),
)

export const trashedManifestCount = statement<{ id: string }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_manifests')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('trash', '=', arg('id')),
)
