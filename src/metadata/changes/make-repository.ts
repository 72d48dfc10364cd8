import { sql } from 'kysely'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Visibility } from '../accounts-schema.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'

/** Makes the repository if it is not there: as public or private as its namespace says. */
export async function makeRepository(
  tx: Transaction,
  { repository }: { repository: RepositoryName },
): Promise<void> {
  const namespace = repository.slice(0, Math.max(0, repository.indexOf('/')))
  await tx.run(insertRepository, { repository, namespace })
}

const insertRepository = statement<{ repository: RepositoryName; namespace: string }>()(({ db, arg, now }) =>
  db
    .insertInto('repositories')
    .values({
      name: arg('repository'),
      created_at: now,
      visibility: sql<Visibility>`coalesce((select default_visibility from namespaces where namespaces.name = ${arg('namespace')}), 'private')`,
    })
    .onConflict((conflict) => conflict.column('name').doNothing()),
)
