import type { RepositoryName } from '../oci/repository-name.ts'
import type { Reader } from './engine.ts'
import * as queries from './management-queries.ts'
import type { ListsTrash, SumsRepositories, TrashEntry } from './metadata-store.ts'
import type { TrashRow } from './schema.ts'

/** Tags of one deletion that a list shows. */
const shownTags = 1000

/** What operators ask: the same queries on every engine. */
export function managementReads(engine: Reader): SumsRepositories & ListsTrash {
  return {
    async sumManifests(slice) {
      const row = await engine.first(queries.manifestSlice, slice)
      const count = row?.count ?? 0
      return { count, lastPush: row?.last_push ?? undefined, last: lastOf(row, slice) }
    },
    async sumLinks(slice) {
      const row = await engine.first(queries.linkSlice, slice)
      return { count: row?.count ?? 0, bytes: row?.bytes ?? 0, last: lastOf(row, slice) }
    },
    async countTags(slice) {
      const row = await engine.first(queries.tagSlice, slice)
      return { count: row?.count ?? 0, last: lastOf(row, slice) }
    },
    async listTaggedManifests({ after = '', ...page }) {
      const rows = await engine.all(queries.taggedManifests, { ...page, after })
      return rows.map((row) => ({
        tag: row.name,
        digest: row.digest,
        mediaType: row.media_type,
        contentSize: row.content_size,
        updatedAt: row.updated_at,
        pushedAt: row.pushed_at,
      }))
    },

    async listTrash({ repository, after = '', limit }) {
      const rows = repository
        ? await engine.all(queries.trashOf, { repository, after, limit })
        : await engine.all(queries.trash, { after, limit })
      return Promise.all(rows.map((row) => trashEntry(engine, row)))
    },
    async findTrash(id) {
      const row = await engine.first(queries.trashById, { id })
      return row && trashEntry(engine, row)
    },
    async findTrashWith(by) {
      return (await engine.first(queries.trashWith, by))?.id
    },
  }
}

/** Where the next slice starts; undefined at the end. */
function lastOf(
  row: { count: number; last: string | null } | undefined,
  { limit }: { limit: number },
): string | undefined {
  return row && row.count === limit ? (row.last ?? undefined) : undefined
}

async function trashEntry(engine: Reader, row: TrashRow): Promise<TrashEntry> {
  const { id, repository, kind, caller } = row
  const tags = await engine.all(queries.trashedTags, { id, limit: shownTags })
  const counted = tags.length === shownTags
  return {
    id,
    repository,
    kind,
    name: kind === 'repository' ? '' : row.name,
    digest: kind === 'tag' ? tags[0]?.digest : undefined,
    deletedAt: row.deleted_at,
    caller,
    manifests: (await engine.first(queries.trashedManifestCount, { id }))?.count ?? 0,
    tags: tags.map(({ tag }) => tag),
    tagCount: counted ? ((await engine.first(queries.trashedTagCount, { id }))?.count ?? 0) : tags.length,
    restoringTo: kind === 'repository' && row.name !== '' ? (row.name as RepositoryName) : undefined,
  }
}
