import type {
  ResourceKind,
  Role,
  StoredGrant,
  StoredNamespace,
  SubjectKind,
  Visibility,
} from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts'
import {
  type Accounts,
  type By,
  type PageQuery,
  page,
  require,
  requireOrganisation,
  requireUser,
} from './accounts.ts'
import type { Action, Resource } from './actions.ts'
import { namespaceOf, parseNamespaceName } from './names.ts'
import { requireTeam } from './organisations.ts'

/** Where a role is given: a repository, also one that is not there yet, or everything in a namespace. */
export interface Place {
  readonly kind: ResourceKind
  readonly name: string
}

export type Subject =
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'team'; readonly organisation: string; readonly name: string }

export interface GrantSummary {
  readonly subject: string
  readonly subjectKind: SubjectKind
  readonly role: Role
  readonly on: string
  readonly onKind: ResourceKind
}

/** Grants that one list shows. */
const mostGrants = 10_000

/** Gives a role in the place of the one before. @throws ACCOUNT_UNKNOWN, NAMESPACE_UNKNOWN, NAME_INVALID */
export async function grant(
  accounts: Accounts,
  { by, to, role, on }: By & { to: Subject; role: Role; on: Place },
): Promise<void> {
  const resource = await grantable(accounts, { by, on })
  const subject = await subjectOf(accounts, to)
  await accounts.metadata.change('setGrant', { ...subject, ...resource, role })
}

/** @returns false when there was nothing to take. @throws ACCOUNT_UNKNOWN, NAMESPACE_UNKNOWN */
export async function revoke(
  accounts: Accounts,
  { by, from, on }: By & { from: Subject; on: Place },
): Promise<boolean> {
  const resource = await grantable(accounts, { by, on })
  const subject = await subjectOf(accounts, from)
  return accounts.metadata.change('setGrant', { ...subject, ...resource, role: null })
}

/** Who has roles there, and for a repository also in its namespace. */
export async function listGrants(
  accounts: Accounts,
  { by, on }: By & { on: Place },
): Promise<{ grants: readonly GrantSummary[] }> {
  await grantable(accounts, { by, on })
  const { metadata } = accounts
  const own = await metadata.listGrantsOn({ kind: on.kind, resource: on.name, limit: mostGrants })
  const namespace = on.kind === 'repository' ? namespaceOf(on.name) : ''
  const above =
    namespace === ''
      ? []
      : await metadata.listGrantsOn({ kind: 'namespace', resource: namespace, limit: mostGrants })
  return { grants: [...own, ...above].map(grantSummary) }
}

/** What a user has by grants to himself: he and administrators may ask. @throws ACCOUNT_UNKNOWN */
export async function listGrantsOf(
  accounts: Accounts,
  { by, user }: By & { user: string },
): Promise<{ grants: readonly GrantSummary[] }> {
  await require(accounts, by, { action: 'account:self', resource: { kind: 'user', name: user } })
  const { id } = await requireUser(accounts, user)
  const grants = await accounts.metadata.listGrantsTo({ subject: id, limit: mostGrants })
  return { grants: grants.map(grantSummary) }
}

async function grantable(
  accounts: Accounts,
  { by, on }: By & { on: Place },
): Promise<{ resourceKind: ResourceKind; resource: string }> {
  if (on.kind === 'repository') {
    const resource = parseRepositoryName(on.name)
    await require(accounts, by, { action: 'repository:grant', resource })
    return { resourceKind: 'repository', resource }
  }
  const { name } = await namespaceFor(accounts, { by, name: on.name, action: 'namespace:grant' })
  return { resourceKind: 'namespace', resource: name }
}

async function subjectOf(
  accounts: Accounts,
  subject: Subject,
): Promise<{ subject: string; subjectKind: SubjectKind }> {
  if (subject.kind === 'user')
    return { subject: (await requireUser(accounts, subject.name)).id, subjectKind: 'user' }
  const organisation = await requireOrganisation(accounts, subject.organisation)
  const team = await requireTeam(accounts, { organisation, team: subject.name })
  return { subject: team.id, subjectKind: 'team' }
}

export interface NamespaceSummary {
  readonly name: string
  readonly ownerKind: StoredNamespace['ownerKind']
  /** The name of the user or organisation; null: the administrators. */
  readonly owner: string | null
  /** What a repository is when its first push makes it. */
  readonly defaultVisibility: Visibility
}

/** All namespaces, for administrators. */
export async function listNamespaces(
  accounts: Accounts,
  { by, after, limit }: By & PageQuery,
): Promise<{ namespaces: readonly NamespaceSummary[]; next: string | null }> {
  await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  const found = await accounts.metadata.listNamespaces({ after, limit: limit + 1 })
  const { entries, next } = page(found, limit, ({ name }) => name)
  return { namespaces: entries.map(namespaceSummary), next }
}

/** @throws NAMESPACE_UNKNOWN */
export async function showNamespace(
  accounts: Accounts,
  { by, namespace }: By & { namespace: string },
): Promise<NamespaceSummary> {
  return namespaceSummary(await namespaceFor(accounts, { by, name: namespace, action: 'namespace:show' }))
}

/**
 * Sets what new repositories of the namespace are, and, for administrators, to whom it belongs.
 * @param args.owner null: the administrators; undefined: as it is
 * @throws NAMESPACE_UNKNOWN, ACCOUNT_UNKNOWN
 */
export async function changeNamespace(
  accounts: Accounts,
  {
    by,
    namespace,
    defaultVisibility,
    owner,
  }: By & {
    namespace: string
    defaultVisibility?: Visibility | undefined
    owner?: { kind: 'user' | 'organisation'; name: string } | null | undefined
  },
): Promise<NamespaceSummary> {
  const name = parseNamespaceName(namespace)
  if (owner !== undefined) await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  else await namespaceFor(accounts, { by, name, action: 'namespace:configure' })
  await accounts.metadata.change('setNamespace', {
    name,
    ...(defaultVisibility ? { defaultVisibility } : {}),
    ...(owner === undefined ? {} : { owner: await ownerOf(accounts, owner) }),
  })
  const changed = await accounts.metadata.findNamespace(name)
  return changed ? namespaceSummary(changed) : unknownNamespace(name)
}

async function ownerOf(accounts: Accounts, owner: { kind: 'user' | 'organisation'; name: string } | null) {
  if (!owner) return { kind: 'administrators' as const, id: null }
  const find = owner.kind === 'user' ? requireUser : requireOrganisation
  return { kind: owner.kind, id: (await find(accounts, owner.name)).id }
}

/** @throws NAME_UNKNOWN */
export async function setVisibility(
  accounts: Accounts,
  { by, repository, visibility }: By & { repository: RepositoryName; visibility: Visibility },
): Promise<void> {
  await require(accounts, by, { action: 'repository:configure', resource: repository })
  if (await accounts.metadata.change('setVisibility', { repository, visibility })) return
  throw new RegistryError('NAME_UNKNOWN', `there is no repository ${repository}`, {
    detail: { name: repository },
  })
}

/** The namespace, for who may; it is made where repositories of the administrators' lie below its name already. */
async function namespaceFor(
  accounts: Accounts,
  { by, name: text, action }: By & { name: string; action: Action },
): Promise<StoredNamespace> {
  const name = parseNamespaceName(text)
  const resource: Resource = { kind: 'namespace', name }
  await require(accounts, by, { action, resource })
  const { metadata } = accounts
  const found = await metadata.findNamespace(name)
  if (found) return found
  if (name !== 'library' && !(await metadata.nameInUse(name)).repositories) unknownNamespace(name)
  await metadata.change('setNamespace', { name })
  return (await metadata.findNamespace(name)) ?? unknownNamespace(name)
}

function unknownNamespace(name: string): never {
  throw new RegistryError('NAMESPACE_UNKNOWN', 'there is no such namespace', { detail: { name } })
}

function grantSummary({ subjectName, subjectKind, role, resource, resourceKind }: StoredGrant): GrantSummary {
  return { subject: subjectName, subjectKind, role, on: resource, onKind: resourceKind }
}

function namespaceSummary({ name, ownerKind, owner, defaultVisibility }: StoredNamespace): NamespaceSummary {
  return { name, ownerKind, owner: owner ?? null, defaultVisibility }
}
