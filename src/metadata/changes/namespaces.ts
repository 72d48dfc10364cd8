import { sql } from 'kysely'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { OwnerKind, ResourceKind, Role, SubjectKind, Visibility } from '../accounts-schema.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { withdrawNamespace } from './withdraw-rights.ts'

export interface NamespaceChange {
  name: string
  /** Undefined: as it is; the administrators' where it is new. */
  owner?: { kind: OwnerKind; id: string | null }
  /** Undefined: as it is; private where it is new. */
  defaultVisibility?: Visibility
}

/** Changes a namespace, and makes it if it is not there. */
export async function setNamespace(
  tx: Transaction,
  { name, owner, defaultVisibility }: NamespaceChange,
): Promise<void> {
  await tx.run(insertNamespace, { name })
  if (owner) await tx.run(updateOwner, { name, ...owner })
  if (defaultVisibility) await tx.run(updateDefault, { name, defaultVisibility })
}

export interface GrantChange {
  subject: string
  subjectKind: SubjectKind
  resourceKind: ResourceKind
  resource: string
  /** Null: none any more. */
  role: Role | null
}

/** Gives a role in the place of the one before, or takes it. @returns false when there was none to take */
export async function setGrant(tx: Transaction, { role, ...grant }: GrantChange): Promise<boolean> {
  if (role === null) return (await tx.run(deleteGrant, grant)) > 0
  await tx.run(upsertGrant, { ...grant, role })
  return true
}

/** @returns false when there is no such repository */
export async function setVisibility(
  tx: Transaction,
  args: { repository: RepositoryName; visibility: Visibility },
): Promise<boolean> {
  return (await tx.run(updateVisibility, args)) > 0
}

/**
 * Namespaces of an owner who goes: the administrators' where something lies below, so that nobody takes it over.
 * Whatever was granted there goes with him.
 */
export async function releaseNamespaces(tx: Transaction, { owner }: { owner: string }): Promise<void> {
  for (const namespace of await tx.all(lockNamespacesOf, { owner })) await withdrawNamespace(tx, namespace)
  await tx.run(deleteEmptyNamespaces, { owner })
  await tx.run(toAdministrators, { owner })
}

const insertNamespace = statement<{ name: string }>()(({ db, arg, now }) =>
  db
    .insertInto('namespaces')
    .values({
      name: arg('name'),
      owner_kind: 'administrators',
      owner: null,
      default_visibility: 'private',
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('name').doNothing()),
)

const updateOwner = statement<{ name: string; kind: OwnerKind; id: string | null }>()(({ db, arg }) =>
  db
    .updateTable('namespaces')
    .set({ owner_kind: arg('kind'), owner: arg('id') })
    .where('name', '=', arg('name')),
)

const updateDefault = statement<{ name: string; defaultVisibility: Visibility }>()(({ db, arg }) =>
  db
    .updateTable('namespaces')
    .set({ default_visibility: arg('defaultVisibility') })
    .where('name', '=', arg('name')),
)

const upsertGrant = statement<GrantChange & { role: Role }>()(({ db, arg }) =>
  db
    .insertInto('grants')
    .values({
      subject: arg('subject'),
      subject_kind: arg('subjectKind'),
      resource_kind: arg('resourceKind'),
      resource: arg('resource'),
      role: arg('role'),
    })
    .onConflict((conflict) =>
      conflict.columns(['subject', 'resource_kind', 'resource']).doUpdateSet({ role: arg('role') }),
    ),
)

const deleteGrant = statement<Omit<GrantChange, 'role'>>()(({ db, arg }) =>
  db
    .deleteFrom('grants')
    .where('subject', '=', arg('subject'))
    .where('resource_kind', '=', arg('resourceKind'))
    .where('resource', '=', arg('resource')),
)

const updateVisibility = statement<{ repository: RepositoryName; visibility: Visibility }>()(({ db, arg }) =>
  db
    .updateTable('repositories')
    .set({ visibility: arg('visibility') })
    .where('name', '=', arg('repository')),
)

const lockNamespacesOf = statement<{ owner: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('namespaces')
    .select('name')
    .where('owner', '=', arg('owner'))
    .orderBy('name')
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

/** A blob that was pushed without a manifest is found there until it is collected. */
const deleteEmptyNamespaces = statement<{ owner: string }>()(({ db, arg }) =>
  db
    .deleteFrom('namespaces')
    .where('owner', '=', arg('owner'))
    .where(
      sql<boolean>`not exists (select 1 from repositories r where r.name > namespaces.name || '/' and r.name < namespaces.name || '0')`,
    )
    .where(
      sql<boolean>`not exists (select 1 from blob_links l where l.repository > namespaces.name || '/' and l.repository < namespaces.name || '0')`,
    ),
)

const toAdministrators = statement<{ owner: string }>()(({ db, arg }) =>
  db
    .updateTable('namespaces')
    .set({ owner_kind: 'administrators', owner: null, default_visibility: 'private' })
    .where('owner', '=', arg('owner')),
)
