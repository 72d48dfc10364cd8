import type { ResourceKind, Role, StoredGrant } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { isRepositoryName } from '../oci/repository-name.ts'
import type { SubjectName } from './account-name.ts'
import { type Administration, requireAccounts } from './administration.ts'
import { requireNamespace } from './namespaces.ts'
import { requireTeam } from './teams.ts'
import { requireUser } from './users.ts'

/** Where something is granted: in one repository, or in all of a namespace. */
export interface GrantResource {
  readonly kind: ResourceKind
  readonly name: string
}

export interface Grant {
  /** `alice`, or the team `acme/builders`. */
  readonly subject: string
  readonly subjectKind: 'user' | 'team'
  readonly role: Role
  readonly on: GrantResource
}

const mostGrants = 1000

/**
 * Gives a role, in the place of the one that was given before.
 * @throws ACCOUNT_UNKNOWN, NAMESPACE_UNKNOWN
 */
export async function grantRole(
  administration: Administration,
  { subject, role, on }: { subject: SubjectName; role: Role; on: GrantResource },
): Promise<Grant & { exists: boolean }> {
  await requireAccounts(administration)
  const exists = await resourceExists(administration, on)
  const { id } = await requireSubject(administration, subject)
  await administration.metadata.change('setGrant', {
    subject: id,
    subjectKind: subject.kind,
    resourceKind: on.kind,
    resource: on.name,
    role,
  })
  return { subject: nameOf(subject), subjectKind: subject.kind, role, on, exists }
}

/** @throws ACCOUNT_UNKNOWN where there is nothing to take */
export async function revokeRole(
  administration: Administration,
  { subject, on }: { subject: SubjectName; on: GrantResource },
): Promise<{ revoked: string; on: GrantResource }> {
  await requireAccounts(administration)
  const { id } = await requireSubject(administration, subject)
  const revoked = await administration.metadata.change('setGrant', {
    subject: id,
    subjectKind: subject.kind,
    resourceKind: on.kind,
    resource: on.name,
    role: null,
  })
  if (!revoked)
    throw new RegistryError(
      'ACCOUNT_UNKNOWN',
      `nothing is granted to ${nameOf(subject)} on the ${on.kind} ${on.name} itself`,
      { detail: { name: nameOf(subject) } },
    )
  return { revoked: nameOf(subject), on }
}

/** Those on the resource itself, by the subject's name. */
export async function listGrants(
  { metadata }: Administration,
  on: GrantResource,
): Promise<{ grants: Grant[] }> {
  const found = await metadata.listGrantsOn({ kind: on.kind, resource: on.name, limit: mostGrants })
  return { grants: found.map(grantOf) }
}

/** A grant may come before the first push: the pushers of a pipeline want theirs then. @throws NAMESPACE_UNKNOWN */
async function resourceExists(
  administration: Administration,
  { kind, name }: GrantResource,
): Promise<boolean> {
  if (kind === 'repository')
    return isRepositoryName(name) && (await administration.metadata.repositoryExists(name))
  await requireNamespace(administration, name)
  return true
}

function requireSubject(administration: Administration, subject: SubjectName): Promise<{ id: string }> {
  return subject.kind === 'user'
    ? requireUser(administration, subject.name)
    : requireTeam(administration, subject)
}

function nameOf(subject: SubjectName): string {
  return subject.kind === 'user' ? subject.name : `${subject.organisation}/${subject.name}`
}

function grantOf({ subjectName, subjectKind, role, resourceKind, resource }: StoredGrant): Grant {
  return { subject: subjectName, subjectKind, role, on: { kind: resourceKind, name: resource } }
}
