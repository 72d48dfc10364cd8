import type { StoredInvitation } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { AccountName } from './account-name.ts'
import { type Administration, isoTime, type NamePage, nextOf, requireAccounts } from './administration.ts'
import { isSetupCode } from './closing.ts'
import { parseExpiry } from './expiry.ts'
import { requireOrganisation } from './organisations.ts'
import { hashOfSecret, newSecret } from './sign-in/secrets.ts'
import { addUser, type CreatedUser, type NewUser, requireFirstAdministrator } from './users.ts'

export interface FirstUser extends NewUser {
  /** What the log of the server shows while there are no users. */
  readonly setupCode: string | undefined
}

/**
 * Makes the first user, an administrator, for somebody whom nobody can know yet. Where a request comes from proves nothing:
 * a proxy or a tunnel on the machine itself passes on what comes from anywhere, with whatever headers that has.
 * @throws SETUP_CODE_INVALID, DENIED
 */
export async function createFirstUser(
  administration: Administration,
  { setupCode, ...user }: FirstUser,
): Promise<CreatedUser> {
  await administration.requireWritable()
  const { hasUsers } = await administration.metadata.accessState()
  if (hasUsers)
    throw new RegistryError('DENIED', 'the registry has users: one of its administrators adds others')
  requireFirstAdministrator(user)
  await requireSetupCode(administration, setupCode ?? '')
  return addUser(administration, { ...user, first: true, invitation: null })
}

/**
 * Makes an account for somebody who has none, as the setting access.registration allows.
 * @throws REGISTRATION_CLOSED, INVITATION_INVALID, and what makes a user impossible
 */
export async function register(
  administration: Administration,
  { invitation, ...user }: Omit<NewUser, 'admin'> & { invitation?: string | undefined },
): Promise<CreatedUser> {
  await administration.requireWritable()
  const { registration } = administration
  const { closed } = await administration.metadata.accessState()
  // The first user is an administrator's affair, whatever the setting says.
  if (registration === 'off' || !closed) {
    throw new RegistryError(
      'REGISTRATION_CLOSED',
      'nobody makes an account of his own here: ask an administrator for one',
    )
  }
  if (registration === 'invite' && invitation === undefined)
    throw new RegistryError('REGISTRATION_CLOSED', 'an account takes an invitation here: ask for one')
  await requireUnused(administration, user.name)
  const hash = invitation === undefined ? null : hashOfSecret(invitation)
  return addUser(administration, { ...user, admin: false, first: false, invitation: hash })
}

/**
 * An administrator may give somebody a name below which others pushed; who comes by himself must not look like them.
 * @throws NAME_TAKEN
 */
async function requireUnused({ metadata }: Administration, name: AccountName): Promise<void> {
  const use = await metadata.nameInUse(name)
  if (use.namespace === undefined && !use.repositories) return
  throw new RegistryError('NAME_TAKEN', `the name ${name} is taken`, { detail: { name } })
}

/** @throws SETUP_CODE_INVALID, also where there is none any more */
async function requireSetupCode({ metadata }: Administration, given: string): Promise<void> {
  if (await isSetupCode(metadata, given)) return
  throw new RegistryError(
    'SETUP_CODE_INVALID',
    given === ''
      ? 'over the network the first user takes the set-up code (--setup-code), which the log of the server shows; on the machine itself `berth user add NAME --admin` makes him without it'
      : 'this is not the set-up code: the log of the server shows it for as long as there are no users',
  )
}

export interface NewInvitation {
  readonly email?: string | undefined
  /** What who takes it becomes a member of. */
  readonly organisation?: AccountName | undefined
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** Who invites. */
  readonly caller: string
}

export interface InvitationSummary {
  readonly id: string
  readonly email: string | null
  readonly createdBy: string
  readonly createdAt: string
  readonly expiresAt: string
}

export interface CreatedInvitation extends Omit<InvitationSummary, 'createdAt'> {
  /** Shown this once. */
  readonly invitation: string
  /** The setting access.registration: where it is off, nobody can take the invitation. */
  readonly registration: string
}

/** An invitation always ends. @throws PARAMETER_INVALID */
export function parseInvitationExpiry(text: string, now: number): number {
  const at = parseExpiry(text, now)
  if (at === undefined)
    throw new RegistryError('PARAMETER_INVALID', 'an invitation ends at some time: 7d, for example')
  return at
}

/** @throws ACCOUNT_UNKNOWN when there is no such organisation */
export async function createInvitation(
  administration: Administration,
  { email, organisation, expiresAt, caller }: NewInvitation,
): Promise<CreatedInvitation> {
  await requireAccounts(administration)
  const { metadata, newId, registration } = administration
  const into = organisation && (await requireOrganisation(administration, organisation))
  const invitation = newSecret('invite')
  const id = newId()
  await metadata.change('createInvitation', {
    id,
    hash: hashOfSecret(invitation),
    email: email ?? null,
    organisation: into?.id ?? null,
    created_by: caller,
    expires_at: expiresAt,
  })
  return {
    id,
    invitation,
    email: email ?? null,
    createdBy: caller,
    expiresAt: isoTime(expiresAt),
    registration,
  }
}

export async function listInvitations(
  { metadata }: Administration,
  page: NamePage,
): Promise<{ invitations: InvitationSummary[]; next: string | null }> {
  const invitations = (await metadata.listInvitations(page)).map(summaryOf)
  return {
    invitations,
    next: nextOf(
      invitations.map(({ id }) => id),
      page.limit,
    ),
  }
}

/** @throws INVITATION_INVALID when there is none */
export async function revokeInvitation(
  administration: Administration,
  { id }: { id: string },
): Promise<{ revoked: string }> {
  await administration.requireWritable()
  if (!(await administration.metadata.change('deleteInvitation', { id })))
    throw new RegistryError('INVITATION_INVALID', `there is no invitation ${id}`)
  return { revoked: id }
}

function summaryOf({ id, email, createdBy, createdAt, expiresAt }: StoredInvitation): InvitationSummary {
  return {
    id,
    email: email ?? null,
    createdBy,
    createdAt: isoTime(createdAt),
    expiresAt: isoTime(expiresAt),
  }
}
