import { sql } from 'kysely'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import type { WebhookPlace } from '../notifications-schema.ts'
import { statement } from '../statement.ts'
import { deleteWebhook } from './webhooks.ts'

/** What was granted goes with what it was granted on, and who was told of it: whoever has the name next chose neither. */

/** Nobody but the owner has anything in the namespace from then on, and nothing in it is public. */
export async function withdrawNamespace(tx: Transaction, { name }: { name: string }): Promise<void> {
  const range = { low: `${name}/` as RepositoryName, high: `${name}0` as RepositoryName }
  await tx.run(deleteNamespaceGrants, { name })
  await tx.run(deleteGrantsBelow, range)
  await tx.run(hideBelow, range)
  const places = {
    place: `namespace:${name}`,
    low: `repository:${name}/`,
    high: `repository:${name}0`,
  } as const
  for (const webhook of await tx.all(webhooksBelow, places)) await deleteWebhook(tx, webhook)
}

/** For a repository of which nothing is left to bring back; what is granted before a first push stays until then. */
export async function withdrawRepository(
  tx: Transaction,
  { repository }: { repository: RepositoryName },
): Promise<void> {
  await tx.run(deleteGrantsOfGone, { repository })
  const gone = { repository, place: `repository:${repository}` } as const
  for (const webhook of await tx.all(webhooksOfGone, gone)) await deleteWebhook(tx, webhook)
}

const deleteNamespaceGrants = statement<{ name: string }>()(({ db, arg }) =>
  db.deleteFrom('grants').where('resource_kind', '=', 'namespace').where('resource', '=', arg('name')),
)

const deleteGrantsBelow = statement<{ low: RepositoryName; high: RepositoryName }>()(({ db, arg }) =>
  db
    .deleteFrom('grants')
    .where('resource_kind', '=', 'repository')
    .where('resource', '>', arg('low'))
    .where('resource', '<', arg('high')),
)

const hideBelow = statement<{ low: RepositoryName; high: RepositoryName }>()(({ db, arg }) =>
  db
    .updateTable('repositories')
    .set({ visibility: 'private' })
    .where('visibility', '=', 'public')
    .where('name', '>', arg('low'))
    .where('name', '<', arg('high')),
)

const webhooksBelow = statement<{ place: WebhookPlace; low: WebhookPlace; high: WebhookPlace }>()(
  ({ db, arg }) =>
    db
      .selectFrom('webhooks')
      .select('id')
      .where((eb) =>
        eb.or([
          eb('place', '=', arg('place')),
          eb.and([eb('place', '>', arg('low')), eb('place', '<', arg('high'))]),
        ]),
      ),
)

/** Pushed again meanwhile, or still in the trash as a whole, it keeps them. */
const deleteGrantsOfGone = statement<{ repository: RepositoryName }>()(({ db, arg }) =>
  db
    .deleteFrom('grants')
    .where('resource_kind', '=', 'repository')
    .where('resource', '=', arg('repository'))
    .where(nothingPushed(arg('repository')))
    .where(nothingInTrash(arg('repository'))),
)

const webhooksOfGone = statement<{ repository: RepositoryName; place: WebhookPlace }>()(({ db, arg }) =>
  db
    .selectFrom('webhooks')
    .select('id')
    .where('place', '=', arg('place'))
    .where(nothingPushed(arg('repository')))
    .where(nothingInTrash(arg('repository'))),
)

function nothingPushed(repository: RepositoryName) {
  return sql<boolean>`not exists (select 1 from manifests where manifests.repository = ${repository})`
}

function nothingInTrash(repository: RepositoryName) {
  return sql<boolean>`not exists (select 1 from trash where trash.repository = ${repository} and trash.kind = 'repository')`
}
