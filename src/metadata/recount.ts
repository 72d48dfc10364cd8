import { type RawBuilder, sql } from 'kysely'
import { builders, type DialectName } from './statement.ts'

/**
 * What the namespaces hold, counted anew from the rows that hold it: where the counts begin, after a rebuild or a move,
 * and what verification compares them with.
 */

/** The namespace that a repository's content counts in, as `countedIn` has it. */
export function namespaceIn(dialect: DialectName, column: string): RawBuilder<string> {
  const text =
    dialect === 'sqlite'
      ? `case instr(${column}, '/') when 0 then 'library' else substr(${column}, 1, instr(${column}, '/') - 1) end`
      : `case strpos(${column}, '/') when 0 then 'library' else split_part(${column}, '/', 1) end`
  return sql.raw(text)
}

/** Links that no manifest needs, and only trash holds. */
export const releaseTrashed = sql`update blob_links set released = 1 where released is null
  and (repository, digest) in (select repository, digest from trashed_references where held = 1 and role <> 'tag')
  and not exists (select 1 from manifest_references r
    where r.repository = blob_links.repository and r.digest = blob_links.digest and r.role <> 'subject')`

/** Each digest of a namespace once: `namespace`, `digest`, `size`, `live`, `trashed`. */
export function countedContent(dialect: DialectName): RawBuilder<unknown> {
  const namespace = (column: string) => namespaceIn(dialect, column)
  return sql`select namespace, digest, max(size) as size, cast(sum(live) as bigint) as live, cast(sum(trashed) as bigint) as trashed from (
    select ${namespace('l.repository')} as namespace, l.digest, b.size, 1 as live, 0 as trashed
      from blob_links l join blobs b on b.digest = l.digest where l.released is null
    union all select ${namespace('repository')}, digest, length(bytes), 1, 0 from manifests
    union all select ${namespace('t.repository')}, m.digest, length(m.bytes), 0, 1
      from trashed_manifests m join trash t on t.id = m.trash
    union all select ${namespace('r.repository')}, r.digest, b.size, 0, 1
      from trashed_references r join blobs b on b.digest = r.digest where r.held = 1 and r.role <> 'tag'
  ) as held group by namespace, digest`
}

export function recountContent(dialect: DialectName): RawBuilder<unknown> {
  return sql`insert into namespace_content (namespace, digest, size, live, trashed) ${countedContent(dialect)}`
}

export const recountRepositories = sql`update repositories set counted =
  case when exists (select 1 from manifests m where m.repository = repositories.name) then 1 else 0 end
  where counted <> case when exists (select 1 from manifests m where m.repository = repositories.name) then 1 else 0 end`

/** What each namespace uses, of the rows of `namespace_content`, `uploads` and `repositories` as they are. */
export function countedUsage(dialect: DialectName): RawBuilder<unknown> {
  const namespace = (column: string) => namespaceIn(dialect, column)
  return sql`select namespace, cast(sum(bytes) as bigint) as bytes, cast(sum(reserved) as bigint) as reserved, cast(sum(repositories) as bigint) as repositories from (
    select namespace, size as bytes, 0 as reserved, 0 as repositories from namespace_content
    union all select ${namespace('repository')}, 0, reserved, 0 from uploads where reserved > 0
    union all select ${namespace('name')}, 0, 0, 1 from repositories where counted = 1
    union all select namespace, 0, 0, 0 from quotas
  ) as used group by namespace`
}

export function recountUsage(dialect: DialectName): RawBuilder<unknown> {
  return sql`insert into usage (namespace, stripe, bytes, reserved, repositories, limit_bytes, limit_repositories)
    select counted.namespace, 0, counted.bytes, counted.reserved, counted.repositories, q.bytes, q.repositories
    from (${countedUsage(dialect)}) as counted left join quotas q on q.namespace = counted.namespace`
}

/** Fills empty tables of counts, in this order. */
export function recountTexts(dialect: DialectName): readonly string[] {
  return [releaseTrashed, recountContent(dialect), recountRepositories, recountUsage(dialect)].map(
    (query) => query.compile(builders[dialect]).sql,
  )
}
