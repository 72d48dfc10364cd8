import type { MemberRole, StoredOrganisation } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { type AccountName, requireFree } from './account-name.ts'
import {
  type Administration,
  isoTime,
  type NamePage,
  nextOf,
  requireAccounts,
  unknownAccount,
} from './administration.ts'
import { requireUser } from './users.ts'

export interface OrganisationSummary {
  readonly name: string
  readonly owners: number
  readonly createdAt: string
}

/** @param organisation.owner who administers it; undefined: nobody yet */
export async function createOrganisation(
  administration: Administration,
  { name, owner }: { name: AccountName; owner?: AccountName | undefined },
): Promise<OrganisationSummary> {
  await requireAccounts(administration)
  requireFree(name)
  const { metadata, newId } = administration
  const user = owner && (await requireUser(administration, owner))
  await metadata.change('createOrganisation', { id: newId(), name, owner: user?.id ?? null })
  return showOrganisation(administration, { name })
}

/** @param page.member the id of the user whose organisations are meant; undefined: all */
export async function listOrganisations(
  administration: Administration,
  { member, ...page }: NamePage & { member: string | undefined },
): Promise<{ organisations: OrganisationSummary[]; next: string | null }> {
  const found = await administration.metadata.listOrganisations({
    ...page,
    ...(member === undefined ? {} : { member }),
  })
  const organisations = await Promise.all(found.map((one) => summaryOf(administration, one)))
  return {
    organisations,
    next: nextOf(
      found.map(({ name }) => name),
      page.limit,
    ),
  }
}

/** @throws ACCOUNT_UNKNOWN */
export async function showOrganisation(
  administration: Administration,
  { name }: { name: AccountName },
): Promise<OrganisationSummary> {
  return summaryOf(administration, await requireOrganisation(administration, name))
}

/** What lies in its namespace stays, private and the administrators'; what was granted there goes. @throws ACCOUNT_UNKNOWN */
export async function deleteOrganisation(
  administration: Administration,
  { name }: { name: AccountName },
): Promise<{ deleted: string }> {
  await requireAccounts(administration)
  const { id } = await requireOrganisation(administration, name)
  await administration.metadata.change('deleteOrganisation', { id })
  return { deleted: name }
}

export interface Member {
  readonly name: string
  readonly role: MemberRole
}

/** @throws ACCOUNT_UNKNOWN */
export async function listMembers(
  administration: Administration,
  { organisation, ...page }: NamePage & { organisation: AccountName },
): Promise<{ members: Member[]; next: string | null }> {
  const { id } = await requireOrganisation(administration, organisation)
  const found = await administration.metadata.listMembers({ ...page, organisation: id })
  const members = found.map(({ name, role }) => ({ name, role }))
  return {
    members,
    next: nextOf(
      members.map(({ name }) => name),
      page.limit,
    ),
  }
}

/** Adds a member, or changes what he is. @throws ACCOUNT_UNKNOWN, LAST_OWNER */
export async function setMember(
  administration: Administration,
  { organisation, user, role }: { organisation: AccountName; user: AccountName; role: MemberRole },
): Promise<Member & { organisation: string }> {
  await requireAccounts(administration)
  const { id } = await requireOrganisation(administration, organisation)
  const member = await requireUser(administration, user)
  await administration.metadata.change('setMember', { organisation: id, user: member.id, role })
  return { organisation, name: user, role }
}

/** He leaves its teams too. @throws ACCOUNT_UNKNOWN, LAST_OWNER */
export async function removeMember(
  administration: Administration,
  { organisation, user }: { organisation: AccountName; user: AccountName },
): Promise<{ removed: string }> {
  await requireAccounts(administration)
  const { id } = await requireOrganisation(administration, organisation)
  const member = await administration.metadata.findUser(user)
  const removed =
    member &&
    (await administration.metadata.change('setMember', { organisation: id, user: member.id, role: null }))
  if (!removed)
    throw new RegistryError('ACCOUNT_UNKNOWN', `${user} is no member of ${organisation}`, {
      detail: { name: user },
    })
  return { removed: user }
}

/** @throws ACCOUNT_UNKNOWN */
export async function requireOrganisation(
  { metadata }: Pick<Administration, 'metadata'>,
  name: AccountName,
): Promise<StoredOrganisation> {
  const organisation = await metadata.findOrganisation(name)
  if (!organisation) throw unknownAccount('organisation', name)
  return organisation
}

async function summaryOf(
  { metadata }: Administration,
  { id, name, createdAt }: StoredOrganisation,
): Promise<OrganisationSummary> {
  return { name, owners: await metadata.countOwners(id), createdAt: isoTime(createdAt) }
}
