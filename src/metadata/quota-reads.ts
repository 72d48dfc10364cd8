import { type RawBuilder, sql } from 'kysely'
import type { Reader } from './engine.ts'
import type { StoredUsage, TellsUsage } from './quota-store.ts'
import { countedContent, countedUsage, namespaceIn } from './recount.ts'
import { statement } from './statement.ts'

/** What namespaces use and may use: the same queries on every engine. */
export function quotaReads(engine: Reader): TellsUsage {
  return {
    async findUsage({ namespace }) {
      const row = await engine.first(usageOf, { namespace })
      return row ? storedUsage(row) : { namespace, ...nothing }
    },
    async listUsage({ after = '', limit }) {
      return (await engine.all(usagePage, { after, limit })).map(storedUsage)
    },
    async countNearLimits(defaults) {
      const row = await engine.first(nearLimits, {
        bytes: defaults.bytes ?? -1,
        repositories: defaults.repositories ?? -1,
      })
      return { near: row?.near ?? 0, full: row?.full ?? 0 }
    },
    async listMiscounted() {
      const found = new Set<string>()
      for (const query of [wrongContent, wrongRepositories, wrongUsage])
        for (const { namespace } of await engine.all(query, {})) found.add(namespace)
      return [...found].sort()
    },
  }
}

const nothing = {
  bytes: 0,
  reserved: 0,
  repositories: 0,
  trash: 0,
  set: { bytes: undefined, repositories: undefined },
}

type UsageColumns = NonNullable<(typeof usageOf)['row']>

function storedUsage(row: UsageColumns): StoredUsage {
  const { namespace, bytes, reserved, repositories, trash, limit_bytes, limit_repositories } = row
  const limit = (set: number | null) => (set === null ? undefined : set < 0 ? null : set)
  const set = { bytes: limit(limit_bytes), repositories: limit(limit_repositories) }
  return { namespace, bytes, reserved, repositories, trash, set }
}

interface Sums {
  namespace: string
  bytes: number
  reserved: number
  repositories: number
}

type Columns = Sums & { limit_bytes: number | null; limit_repositories: number | null }

/** Each namespace's stripes together, of the rows that `where` names. */
function summed(where: RawBuilder<unknown>) {
  return sql<Columns>`(select namespace, cast(sum(bytes) as bigint) as bytes, cast(sum(reserved) as bigint) as reserved,
    cast(sum(repositories) as bigint) as repositories, max(limit_bytes) as limit_bytes, max(limit_repositories) as limit_repositories
    from usage where ${where} group by namespace)`.as('used')
}

const trash = sql<number>`(select cast(coalesce(sum(size), 0) as bigint) from namespace_content c where c.namespace = used.namespace and c.live <= 0)`

const usageOf = statement<{ namespace: string }>()(({ db, arg }) =>
  db
    .selectFrom(summed(sql`namespace = ${arg('namespace')}`))
    .selectAll()
    .select(trash.as('trash')),
)

const usagePage = statement<{ after: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom(
      sql<{
        namespace: string
      }>`(select distinct namespace from usage where namespace > ${arg('after')} order by namespace limit ${arg('limit')})`.as(
        'page',
      ),
    )
    .innerJoin(summed(sql`namespace > ${arg('after')}`), 'used.namespace', 'page.namespace')
    .selectAll('used')
    .select(trash.as('trash'))
    .orderBy('used.namespace'),
)

/** Nine tenths of a limit are near to it. */
const nearLimits = statement<{ bytes: number; repositories: number }>()(({ db, arg }) => {
  const number = (name: 'bytes' | 'repositories') => sql`cast(${arg(name)} as bigint)`
  const bytes = sql`coalesce(limit_bytes, ${number('bytes')})`
  const repositories = sql`coalesce(limit_repositories, ${number('repositories')})`
  const reaches = (tenths: number) =>
    sql<number>`cast(coalesce(sum(case when (${bytes} >= 0 and bytes * 10 >= ${bytes} * ${sql.lit(tenths)})
      or (${repositories} >= 0 and repositories * 10 >= ${repositories} * ${sql.lit(tenths)}) then 1 else 0 end), 0) as bigint)`
  return db.selectFrom(summed(sql`1 = 1`)).select([reaches(9).as('near'), reaches(10).as('full')])
})

/** Rows that only one of two queries gives. */
function differing(a: RawBuilder<unknown>, b: RawBuilder<unknown>) {
  return sql<{ namespace: string }>`(select distinct namespace from (
    select * from (${a} except ${b}) as missing union all select * from (${b} except ${a}) as surplus
  ) as either)`.as('wrong')
}

const wrongContent = statement<object>()(({ db, dialect }) =>
  db
    .selectFrom(
      differing(
        countedContent(dialect),
        sql`select namespace, digest, size, live, trashed from namespace_content`,
      ),
    )
    .select('namespace'),
)

const wrongRepositories = statement<object>()(({ db, dialect }) =>
  db
    .selectFrom(
      sql<{
        namespace: string
      }>`(select distinct ${namespaceIn(dialect, 'name')} as namespace from repositories
        where counted <> case when exists (select 1 from manifests m where m.repository = repositories.name) then 1 else 0 end)`.as(
        'wrong',
      ),
    )
    .select('namespace'),
)

const wrongUsage = statement<object>()(({ db, dialect }) => {
  const some = sql`bytes <> 0 or reserved <> 0 or repositories <> 0`
  const columns = sql`namespace, bytes, reserved, repositories`
  const counted = sql`select ${columns} from (${countedUsage(dialect)}) as counted where ${some}`
  const recorded = sql`select ${columns} from (select namespace, cast(sum(bytes) as bigint) as bytes, cast(sum(reserved) as bigint) as reserved,
    cast(sum(repositories) as bigint) as repositories from usage group by namespace) as recorded where ${some}`
  return db.selectFrom(differing(counted, recorded)).select('namespace')
})
