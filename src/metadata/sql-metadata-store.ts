import { algorithmOf, digestOf } from '../oci/digest.ts'
import { isRepositoryName } from '../oci/repository-name.ts'
import { accessReads } from './access-reads.ts'
import { accountsReads } from './accounts-reads.ts'
import { auditReads } from './audit/reads.ts'
import { collectionReads } from './collection-reads.ts'
import type { Reader } from './engine.ts'
import { managementReads } from './management-reads.ts'
import type { ChangesMetadata, HasLifetime, MetadataStore, StoredManifest } from './metadata-store.ts'
import { notificationsReads } from './notifications-reads.ts'
import * as queries from './queries.ts'
import { quotaReads } from './quota-reads.ts'
import { retentionReads } from './retention-reads.ts'
import { robotTrustsReads } from './robot-trusts-reads.ts'
import { signInReads } from './sign-in-reads.ts'
import { verificationReads } from './verification-reads.ts'

/** What an engine adds to its queries. */
export interface SqlEngine extends Reader, ChangesMetadata, HasLifetime {}

/** The metadata in SQL: the same queries on every engine. */
export function createSqlMetadataStore(engine: SqlEngine): MetadataStore {
  return {
    change: (name, args, by) => engine.change(name, args, by),
    check: () => engine.check(),
    close: () => engine.close(),
    ...collectionReads(engine),
    ...retentionReads(engine),
    ...verificationReads(engine),
    ...managementReads(engine),
    ...accessReads(engine),
    ...accountsReads(engine),
    ...robotTrustsReads(engine),
    ...signInReads(engine),
    ...quotaReads(engine),
    ...auditReads(engine),
    ...notificationsReads(engine),

    async findManifest(by) {
      const row = await engine.first(queries.manifestByDigest, by)
      return row && storedManifest(row)
    },
    async findTagged(by) {
      const row = await engine.first(queries.manifestByTag, by)
      return row && storedManifest(row)
    },
    async listReferrers({ artifactType = '', after = '', ...page }) {
      const query = artifactType ? queries.referrersOfType : queries.referrers
      const rows = await engine.all(query, { ...page, artifactType, after })
      return rows.map(storedManifest)
    },

    async findBlob(by) {
      const row = await engine.first(queries.linkedBlob, by)
      return (
        row && {
          digest: by.digest,
          objectKey: row.object_key,
          size: row.size,
          damaged: row.damaged_at !== null,
          confirmedAt: row.confirmed_at,
        }
      )
    },
    async listHolders(by) {
      return (await engine.all(queries.holders, by)).map(({ repository }) => repository)
    },
    async sumBlobs(slice) {
      const row = await engine.first(queries.blobSlice, slice)
      if (!row || row.count === 0) return { count: 0, bytes: 0, last: undefined }
      return {
        count: row.count,
        bytes: row.bytes,
        last: row.count < slice.limit ? undefined : (row.last ?? undefined),
      }
    },

    async findUpload(by) {
      const row = await engine.first(queries.upload, by)
      return (
        row && {
          id: row.id,
          objectKey: row.object_key,
          offset: row.durable_offset,
          digestSoFar: row.digest_so_far ?? undefined,
        }
      )
    },
    async countUploads() {
      return (await engine.first(queries.uploadCount, {}))?.count ?? 0
    },

    async repositoryExists(name) {
      return (await engine.first(queries.anyManifest, { repository: name })) !== undefined
    },
    async listTags({ after = '', ...page }) {
      return (await engine.all(queries.tagPage, { ...page, after })).map(({ name }) => name)
    },
    async listRepositories({ after = '', limit }) {
      return (await engine.all(queries.repositoryPage, { after, limit })).map(({ name }) => name)
    },
    async searchRepositories({ term, limit }) {
      // A term that no name can hold needs no search; it may hold what a database refuses as text.
      if (term !== '' && !/^[a-z0-9._/-]+$/.test(term)) return []
      const pattern = `%${term.replaceAll(/[\\%_]/g, '\\$&')}%`
      const rows = await engine.all(queries.repositorySearch, { pattern, term, limit })
      return rows.map(({ name }) => name).filter(isRepositoryName)
    },
  }
}

type ManifestColumns = NonNullable<(typeof queries.manifestByDigest)['row']>

function storedManifest(row: ManifestColumns): StoredManifest {
  return {
    digest: row.digest,
    mediaType: row.media_type,
    bytes: row.bytes,
    artifactType: row.artifact_type ?? undefined,
    // A few microseconds for each that is read from the database: nobody is ever given other bytes than he asked for.
    damaged: row.damaged_at !== null || digestOf(row.bytes, algorithmOf(row.digest)) !== row.digest,
    confirmedAt: row.confirmed_at,
  }
}
