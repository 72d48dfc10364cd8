import { sql } from 'kysely'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Visibility } from '../accounts-schema.ts'
import { statement } from '../statement.ts'
import { review } from './links.ts'
import type { Counted } from './usage/ledger.ts'

interface Named {
  repository: RepositoryName
}

/**
 * Makes the repository if it is not there: as public or private as its namespace says. A manifest comes into it in this
 * transaction: from now on it counts, and until the end nobody finds it empty.
 */
export async function makeRepository(tx: Counted, { repository }: Named): Promise<void> {
  const found = await tx.first(lockRepository, { repository })
  if (found?.counted === 1) return
  const namespace = repository.slice(0, Math.max(0, repository.indexOf('/')))
  const made = found === undefined && (await tx.run(insertRepository, { repository, namespace })) > 0
  if (made || (await tx.run(countRepository, { repository })) > 0) tx.ledger.repository(repository, 1)
}

/** A repository whose last manifest went counts no more. */
export async function discountEmpty(
  tx: Counted,
  address: Parameters<typeof review>[1] & Named,
): Promise<void> {
  if (!(await tx.first(emptyRepository, address))) return
  // Somebody who puts a manifest there has it: whether he does to the end, the collector sees.
  if (tx.dialect === 'postgres' && !(await tx.first(lockEmpty, address))) return review(tx, address)
  if ((await tx.run(discount, address)) > 0) tx.ledger.repository(address.repository, -1)
}

/** On PostgreSQL the lock that a manifest's foreign key takes as well. */
const lockRepository = statement<Named>()(({ db, arg, dialect }) =>
  db
    .selectFrom('repositories')
    .select('counted')
    .where('name', '=', arg('repository'))
    .$if(dialect === 'postgres', (query) => query.forKeyShare()),
)

const insertRepository = statement<Named & { namespace: string }>()(({ db, arg, now }) =>
  db
    .insertInto('repositories')
    .values({
      name: arg('repository'),
      created_at: now,
      visibility: sql<Visibility>`coalesce((select default_visibility from namespaces where namespaces.name = ${arg('namespace')}), 'private')`,
      counted: sql<number>`1`,
    })
    .onConflict((conflict) => conflict.column('name').doNothing()),
)

const countRepository = statement<Named>()(({ db, arg }) =>
  db
    .updateTable('repositories')
    .set({ counted: 1 })
    .where('name', '=', arg('repository'))
    .where('counted', '=', 0),
)

const withoutManifests = sql<boolean>`not exists (select 1 from manifests m where m.repository = repositories.name)`

const emptyRepository = statement<Named>()(({ db, arg }) =>
  db
    .selectFrom('repositories')
    .select('name')
    .where('name', '=', arg('repository'))
    .where('counted', '=', 1)
    .where(withoutManifests),
)

const lockEmpty = statement<Named>()(({ db, arg }) =>
  db.selectFrom('repositories').select('name').where('name', '=', arg('repository')).forUpdate().skipLocked(),
)

/** A second statement: its snapshot is newer than the lock. */
const discount = statement<Named>()(({ db, arg }) =>
  db
    .updateTable('repositories')
    .set({ counted: 0 })
    .where('name', '=', arg('repository'))
    .where('counted', '=', 1)
    .where(withoutManifests),
)
