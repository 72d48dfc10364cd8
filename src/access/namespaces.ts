import type { OwnerKind, StoredNamespace, Visibility } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { type AccountName, parseAccountName } from './account-name.ts'
import { type Administration, isoTime, type NamePage, nextOf, requireAccounts } from './administration.ts'
import { isReservedName } from './names.ts'
import { requireOrganisation } from './organisations.ts'
import { requireUser } from './users.ts'

export interface NamespaceSummary {
  readonly name: string
  readonly ownerKind: OwnerKind
  /** Null: the administrators. */
  readonly owner: string | null
  /** What a repository is when its first push makes it. */
  readonly defaultVisibility: Visibility
  readonly createdAt: string
}

/** @param page.owner the id of the user or organisation whose namespaces are meant; undefined: all */
export async function listNamespaces(
  { metadata }: Administration,
  { owner, ...page }: NamePage & { owner: string | undefined },
): Promise<{ namespaces: NamespaceSummary[]; next: string | null }> {
  const found = await metadata.listNamespaces({ ...page, ...(owner === undefined ? {} : { owner }) })
  return {
    namespaces: found.map(summaryOf),
    next: nextOf(
      found.map(({ name }) => name),
      page.limit,
    ),
  }
}

/** @throws NAMESPACE_UNKNOWN */
export async function showNamespace(
  administration: Administration,
  { name }: { name: AccountName },
): Promise<NamespaceSummary> {
  return summaryOf(await requireNamespace(administration, name))
}

export interface NamespaceChange {
  readonly name: AccountName
  readonly defaultVisibility?: Visibility | undefined
  readonly owner?: NamespaceOwner | undefined
}

export type NamespaceOwner =
  | { readonly kind: 'user' | 'organisation'; readonly name: AccountName }
  | { readonly kind: 'administrators' }

/** @throws NAME_INVALID */
export function parseNamespaceOwner(
  owner:
    | { readonly kind: 'user' | 'organisation'; readonly name: string }
    | { readonly kind: 'administrators' },
): NamespaceOwner {
  return owner.kind === 'administrators' ? owner : { kind: owner.kind, name: parseAccountName(owner.name) }
}

/** Makes the namespace if it is not there, as the administrators'. @throws ACCOUNT_UNKNOWN, NAME_RESERVED */
export async function changeNamespace(
  administration: Administration,
  { name, defaultVisibility, owner }: NamespaceChange,
): Promise<NamespaceSummary> {
  await requireAccounts(administration)
  if (owner !== undefined && owner.kind !== 'administrators' && isReservedName(name))
    throw new RegistryError('NAME_RESERVED', `the namespace ${name} is the administrators’, and stays so`, {
      detail: { name },
    })
  await administration.metadata.change('setNamespace', {
    name,
    ...(defaultVisibility === undefined ? {} : { defaultVisibility }),
    ...(owner === undefined ? {} : { owner: await ownerOf(administration, owner) }),
  })
  return showNamespace(administration, { name })
}

/** @throws NAME_UNKNOWN */
export async function setVisibility(
  administration: Administration,
  { repository, visibility }: { repository: RepositoryName; visibility: Visibility },
): Promise<{ repository: string; visibility: Visibility }> {
  await requireAccounts(administration)
  if (!(await administration.metadata.change('setVisibility', { repository, visibility })))
    throw new RegistryError('NAME_UNKNOWN', `there is no repository ${repository}: its first push makes it`, {
      detail: { name: repository },
    })
  return { repository, visibility }
}

/** The namespace; where repositories of the administrators' lie below the name, it is theirs. @throws NAMESPACE_UNKNOWN */
export async function requireNamespace(
  { metadata, now }: Pick<Administration, 'metadata' | 'now'>,
  name: string,
): Promise<StoredNamespace> {
  const namespace = await metadata.findNamespace(name)
  if (namespace) return namespace
  if (name !== 'library' && !(await metadata.nameInUse(name)).repositories)
    throw new RegistryError('NAMESPACE_UNKNOWN', `there is no namespace ${name}`, { detail: { name } })
  return {
    name,
    ownerKind: 'administrators',
    owner: undefined,
    defaultVisibility: 'private',
    createdAt: now(),
  }
}

async function ownerOf(
  administration: Administration,
  owner: NamespaceOwner,
): Promise<{ kind: OwnerKind; id: string | null }> {
  switch (owner.kind) {
    case 'administrators':
      return { kind: 'administrators', id: null }
    case 'user':
      return { kind: 'user', id: (await requireUser(administration, owner.name)).id }
    case 'organisation':
      return { kind: 'organisation', id: (await requireOrganisation(administration, owner.name)).id }
  }
}

function summaryOf({
  name,
  ownerKind,
  owner,
  defaultVisibility,
  createdAt,
}: StoredNamespace): NamespaceSummary {
  return { name, ownerKind, owner: owner ?? null, defaultVisibility, createdAt: isoTime(createdAt) }
}
