import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { statement } from './statement.ts'

/** What the collector, trash, history and verification ask; the queries of pulls and pushes are in `queries.ts`. */

interface InRepository {
  repository: RepositoryName
}

export const due = statement<{ limit: number }>()(({ db, arg, now }) =>
  db
    .selectFrom((reviews) =>
      reviews
        .selectFrom('review')
        .select(['repository', 'digest'])
        .where('due_at', '<=', now)
        .orderBy('due_at')
        .limit(arg('limit'))
        .as('reviews'),
    )
    .select(['repository', 'digest'])
    .distinct(),
)

export const users = statement<InRepository & { digest: Digest; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('manifest_references')
    .select('manifest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('role', '!=', 'subject')
    .limit(arg('limit')),
)

export const doomed = statement<{ age: number; limit: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('doomed_objects')
    .select(['object_key', 'size'])
    .where('since', '<=', (eb) => eb(now, '-', arg('age')))
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('holds').select('id').where('until', '>', now))),
    )
    .orderBy('since')
    .limit(arg('limit')),
)

/** Objects that no reader ever saw; nobody copies them, so holds don't matter. */
export const neverRead = statement<{ limit: number }>()(({ db, arg }) =>
  db.selectFrom('doomed_objects').select(['object_key', 'size']).where('since', '=', 0).limit(arg('limit')),
)

export const runs = statement<{ limit: number }>()(({ db, arg }) =>
  db.selectFrom('collector_runs').selectAll().orderBy('started_at', 'desc').limit(arg('limit')),
)

export const clock = statement<object>()(({ db, now }) => db.selectNoFrom(now.as('now')))

export const knownBlobs = statement<{ after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('blobs')
    .select(['digest', 'object_key', 'size', 'damaged_at'])
    .where('digest', '>', arg('after') as Digest)
    .orderBy('digest')
    .limit(arg('limit')),
)

export const knownManifests = statement<InRepository & { digest: Digest; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select(['repository', 'digest', 'bytes'])
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('repository', 'digest'), '>', tuple(arg('repository'), arg('digest'))),
    )
    .orderBy('repository')
    .orderBy('digest')
    .limit(arg('limit')),
)

export const blobOfObject = statement<{ objectKey: string }>()(({ db, arg }) =>
  db.selectFrom('blobs').select('digest').where('object_key', '=', arg('objectKey')),
)

export const uploadOfObject = statement<{ objectKey: string }>()(({ db, arg }) =>
  db
    .selectFrom('uploads')
    .select('id')
    .where((eb) => eb.or([eb('object_key', '=', arg('objectKey')), eb('target_key', '=', arg('objectKey'))]))
    .limit(1),
)

export const doomOfObject = statement<{ objectKey: string }>()(({ db, arg }) =>
  db.selectFrom('doomed_objects').select('since').where('object_key', '=', arg('objectKey')),
)

export const tagMoves = statement<InRepository & { tag: Tag; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('tag_history')
    .select(['digest', 'at', 'caller'])
    .where('repository', '=', arg('repository'))
    .where('tag', '=', arg('tag'))
    .orderBy('at', 'desc')
    .limit(arg('limit')),
)

export const tagAt = statement<InRepository & { tag: Tag; at: number }>()(({ db, arg }) =>
  db
    .selectFrom('tag_history')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('tag', '=', arg('tag'))
    .where('at', '<=', arg('at'))
    .orderBy('at', 'desc')
    .limit(1),
)

export const tagAges = statement<InRepository & { after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .leftJoin('pulls', (join) =>
      join.onRef('pulls.repository', '=', 'tags.repository').onRef('pulls.digest', '=', 'tags.digest'),
    )
    .select(['tags.name', 'tags.digest', 'tags.updated_at', 'pulls.day'])
    .where('tags.repository', '=', arg('repository'))
    .where('tags.name', '>', arg('after') as Tag)
    .orderBy('tags.name')
    .limit(arg('limit')),
)

export const trash = statement<{ after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trash')
    .selectAll()
    .where('deleted_at', '>', 0)
    .where('id', '>', arg('after'))
    .orderBy('id')
    .limit(arg('limit')),
)

export const trashOf = statement<InRepository & { after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trash')
    .selectAll()
    .where('repository', '=', arg('repository'))
    .where('deleted_at', '>', 0)
    .where('id', '>', arg('after'))
    .orderBy('id')
    .limit(arg('limit')),
)

export const trashedTags = statement<{ id: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_tags')
    .select('tag')
    .where('trash', '=', arg('id'))
    .orderBy('tag')
    .limit(arg('limit')),
)

export const trashedManifests = statement<{ id: string }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_manifests')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('trash', '=', arg('id')),
)

export const expiredTrash = statement<{ age: number; limit: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('trash')
    .select('id')
    .where('deleted_at', '<=', (eb) => eb(now, '-', arg('age')))
    .orderBy('deleted_at')
    .limit(arg('limit')),
)

export const state = statement<{ key: string }>()(({ db, arg }) =>
  db.selectFrom('state').select('value').where('key', '=', arg('key')),
)
