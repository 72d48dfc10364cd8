import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { Reader } from './engine.ts'
import type { FindsTags, ListsTagAges, TagAge } from './metadata-store.ts'
import { perLength, places, slices, statement } from './statement.ts'

/** What retention reads: the same queries on every engine. */
export function retentionReads(engine: Reader): ListsTagAges & FindsTags {
  return {
    async listTagAges({ after = { updatedAt: Number.MAX_SAFE_INTEGER, tag: '' as Tag }, ...page }) {
      return (await engine.all(tagAges, { ...page, ...after })).map(tagAge)
    },
    async listTagsOf(by) {
      const rows = await engine.all(tagsOf, by)
      return rows.map(({ name, updated_at }) => ({ tag: name, updatedAt: updated_at }))
    },
    async listPresent({ repository, digests }) {
      const found: Digest[] = []
      for (const slice of slices(digests)) {
        const rows = await engine.all(present(slice.length), { repository, digests: slice })
        found.push(...rows.map(({ digest }) => digest))
      }
      return found
    },
  }
}

type AgeRow = NonNullable<(typeof tagAges)['row']>

function tagAge({ name, digest, updated_at, day, child_day }: AgeRow): TagAge {
  const pulledDay = Math.max(day ?? 0, child_day ?? 0)
  return { tag: name, digest, updatedAt: updated_at, pulledDay: pulledDay === 0 ? undefined : pulledDay }
}

interface InRepository {
  repository: RepositoryName
}

const tagAges = statement<InRepository & { updatedAt: number; tag: Tag; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .leftJoin('pulls', (join) =>
      join.onRef('pulls.repository', '=', 'tags.repository').onRef('pulls.digest', '=', 'tags.digest'),
    )
    .select(({ selectFrom }) => [
      'tags.name',
      'tags.digest',
      'tags.updated_at',
      'pulls.day',
      // Who has an index already asks for its children alone.
      selectFrom('manifest_references')
        .innerJoin('pulls as child', (join) =>
          join
            .onRef('child.repository', '=', 'manifest_references.repository')
            .onRef('child.digest', '=', 'manifest_references.digest'),
        )
        .whereRef('manifest_references.repository', '=', 'tags.repository')
        .whereRef('manifest_references.manifest', '=', 'tags.digest')
        .where('manifest_references.role', '=', 'child')
        .select(({ fn }) => fn.max<number>('child.day').as('day'))
        .as('child_day'),
    ])
    .where('tags.repository', '=', arg('repository'))
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('tags.updated_at', 'tags.name'), '<', tuple(arg('updatedAt'), arg('tag'))),
    )
    .orderBy('tags.updated_at', 'desc')
    .orderBy('tags.name', 'desc')
    .limit(arg('limit')),
)

/** In no order: SQLite would go through all tags of the repository by their age to spare itself the sorting. */
const tagsOf = statement<InRepository & { digest: Digest; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .select(['name', 'updated_at'])
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .orderBy('name')
    .limit(arg('limit')),
)

const present = perLength((length) =>
  statement<InRepository & { digests: readonly Digest[] }>()(({ db, arg }) =>
    db
      .selectFrom('manifests')
      .select('digest')
      .where('repository', '=', arg('repository'))
      .where('digest', 'in', places(arg('digests'), length)),
  ),
)
