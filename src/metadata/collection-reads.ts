import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import * as queries from './collection-queries.ts'
import type { Reader } from './engine.ts'
import { freedBytes } from './holders.ts'
import { pointedAt } from './management-queries.ts'
import type {
  CollectsGarbage,
  ExpiresTrash,
  ForeseesCollection,
  KeepsState,
  ListsObjects,
  RemembersTags,
  TellsTurns,
} from './metadata-store.ts'
import { judgeLink, judgeManifest } from './verdicts.ts'

/** What the collector, trash, history and verification read: the same queries on every engine. */
export function collectionReads(
  engine: Reader,
): ListsObjects &
  CollectsGarbage &
  ForeseesCollection &
  RemembersTags &
  ExpiresTrash &
  KeepsState &
  TellsTurns {
  return {
    async listBlobs({ after = '', limit }) {
      const rows = await engine.all(queries.knownBlobs, { after, limit })
      return rows.map((row) => ({
        digest: row.digest,
        objectKey: row.object_key,
        size: row.size,
        damaged: row.damaged_at !== null,
      }))
    },
    async listManifests({ after = { repository: '' as RepositoryName, digest: '' as Digest }, limit }) {
      const rows = await engine.all(queries.knownManifests, { ...after, limit })
      return rows.map(({ repository, digest, bytes, ...row }) => ({
        repository,
        digest,
        mediaType: row.media_type,
        bytes,
        damaged: row.damaged_at !== null,
      }))
    },
    async findObject(objectKey) {
      // In the order of an object's life, so that one that moves on meanwhile is still found.
      if (await engine.first(queries.uploadOfObject, { objectKey })) return 'upload'
      if (await engine.first(queries.blobOfObject, { objectKey })) return 'blob'
      if (await engine.first(queries.doomOfObject, { objectKey })) return 'doomed'
      return undefined
    },

    listDue: (by) => engine.all(queries.due, by),
    async countDue() {
      return (await engine.first(queries.dueCount, {}))?.count ?? 0
    },
    async judge({ assumed, ...by }) {
      return {
        manifest: await judgeManifest(engine, by, { lock: false, assumed }),
        link: await judgeLink(engine, by, { lock: false, assumed }),
      }
    },
    freedBytes: ({ digest, ...assumed }) => freedBytes(engine, digest, assumed),
    async listReferences(by) {
      return (await engine.all(queries.references, by)).map(({ digest }) => digest)
    },
    listTrashedReferences: ({ after = '', ...by }) => engine.all(queries.trashedReferences, { ...by, after }),
    listTrashedManifests: ({ after = '', ...by }) => engine.all(queries.trashedManifests, { ...by, after }),
    async countStaleUploads(by) {
      return (await engine.first(queries.staleUploads, by))?.count ?? 0
    },
    async sumDoomed(by) {
      return (await engine.first(queries.doomedSum, by)) ?? { count: 0, bytes: 0 }
    },
    async listDoomed(by) {
      const never = await engine.all(queries.neverRead, by)
      const due = never.length < by.limit ? await engine.all(queries.doomed, by) : []
      const rows = new Map([...never, ...due].map((row) => [row.object_key, row]))
      return Array.from(rows.values(), ({ object_key, size, since }) => ({
        objectKey: object_key,
        size: size ?? undefined,
        neverRead: since === 0,
      }))
    },
    listRuns: (by) => engine.all(queries.runs, by),
    async clock() {
      const row = await engine.first(queries.clock, {})
      if (!row) throw new Error('the database does not tell the time')
      return row.now
    },

    listTagMoves: (by) => engine.all(queries.tagMoves, by),
    async findTagAt(by) {
      return (await engine.first(queries.tagAt, by))?.digest
    },
    async pointedAt(by) {
      return (await engine.first(pointedAt, by)) !== undefined
    },
    async listExpiredTrash(by) {
      return (await engine.all(queries.expiredTrash, by)).map(({ id }) => id)
    },

    async getState(key) {
      return (await engine.first(queries.state, { key }))?.value
    },

    async isTurnFree({ ahead = 0, ...by }) {
      const job = await engine.first(queries.job, by)
      if (!job) return true
      if (job.turn !== null) return job.lease_until < job.now
      return job.due_at <= job.now + ahead || job.due_at > job.now + by.interval
    },
    async findJob(by) {
      const job = await engine.first(queries.job, by)
      return (
        job && {
          runner: job.runner ?? undefined,
          running: job.turn !== null && job.lease_until >= job.now,
          endedAt: job.ended_at ?? undefined,
        }
      )
    },
  }
}
