import { sql } from 'kysely'
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

export const dueCount = statement<object>()(({ db, now }) =>
  db
    .selectFrom('review')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('due_at', '<=', now),
)

/** What a manifest keeps: its subject it does not. */
export const references = statement<InRepository & { digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('manifest_references')
    .select('digest')
    .distinct()
    .where('repository', '=', arg('repository'))
    .where('manifest', '=', arg('digest'))
    .where('role', '!=', 'subject'),
)

export const trashedReferences = statement<{ id: string; after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_references')
    .select(['repository', 'digest'])
    .distinct()
    .where('trash', '=', arg('id'))
    .where('digest', '>', arg('after') as Digest)
    .orderBy('digest')
    .limit(arg('limit')),
)

export const trashedManifests = statement<{ id: string; after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_manifests')
    .innerJoin('trash', 'trash.id', 'trashed_manifests.trash')
    .select(['trash.repository', 'trashed_manifests.digest'])
    .where('trashed_manifests.trash', '=', arg('id'))
    .where('trashed_manifests.digest', '>', arg('after') as Digest)
    .orderBy('trashed_manifests.digest')
    .limit(arg('limit')),
)

export const staleUploads = statement<{ age: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('uploads')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('last_activity', '<', (eb) => eb(now, '-', arg('age')))
    .where('lease_until', '<', now),
)

export const doomedSum = statement<{ age: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('doomed_objects')
    .select(({ fn }) => [
      fn.countAll<number>().as('count'),
      fn.coalesce(fn.sum<number>('size'), sql<number>`0`).as('bytes'),
    ])
    .where('since', '<=', (eb) => eb(now, '-', arg('age'))),
)

export const doomed = statement<{ age: number; limit: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('doomed_objects')
    .select(['object_key', 'size', 'since'])
    .where('since', '<=', (eb) => eb(now, '-', arg('age')))
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('holds').select('id').where('until', '>', now))),
    )
    .orderBy('since')
    .limit(arg('limit')),
)

/** Objects that no reader ever saw; nobody copies them, so holds don't matter. */
export const neverRead = statement<{ limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('doomed_objects')
    .select(['object_key', 'size', 'since'])
    .where('since', '=', 0)
    .limit(arg('limit')),
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
    .select(['repository', 'digest', 'media_type', 'bytes', 'damaged_at'])
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

export const job = statement<{ job: string }>()(({ db, arg, now }) =>
  db
    .selectFrom('jobs')
    .select(['due_at', 'turn', 'runner', 'lease_until', 'ended_at', now.as('now')])
    .where('name', '=', arg('job')),
)
