import type { StoredUser } from '../metadata/metadata-store.ts'
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
import { directoryNameOf } from './directories/directory.ts'
import { weaknessOf } from './sign-in/password-rule.ts'

export interface NewUser {
  readonly name: AccountName
  readonly email?: string | undefined
  readonly password: string
  readonly admin: boolean
}

export interface UserSummary {
  readonly name: string
  readonly email: string | null
  readonly admin: boolean
  readonly disabled: boolean
  /** The directory that knows his password; null: the registry itself does. */
  readonly directory: string | null
  /** ISO 8601. */
  readonly createdAt: string
}

export interface CreatedUser extends UserSummary {
  /** Whether he is the first: the registry was open until now. */
  readonly closed: boolean
  /** Whether the namespace of his name is his; else it was there before, and is the administrators'. */
  readonly namespace: boolean
}

/** @throws PARAMETER_INVALID where the password is weak; NAME_RESERVED, NAME_TAKEN, DENIED */
export async function createUser(administration: Administration, user: NewUser): Promise<CreatedUser> {
  const { metadata } = administration
  await administration.requireWritable()
  const { closed } = await metadata.accessState()
  if (!closed) requireFirstAdministrator(user)
  return addUser(administration, { ...user, first: !closed, invitation: null })
}

/** @throws DENIED */
export function requireFirstAdministrator({ admin }: { admin: boolean }): void {
  if (admin) return
  throw new RegistryError(
    'DENIED',
    'the first user closes the registry and must be able to administer it: make an administrator first (--admin)',
  )
}

/**
 * Puts a user on record who may be there: an administrator says so, or an invitation, or the set-up code.
 * @param user.first only while there is no other
 * @param user.invitation the hash of what he was invited with
 */
export async function addUser(
  { metadata, hasher, newId, markClosed }: Administration,
  user: NewUser & { first: boolean; invitation: string | null },
): Promise<CreatedUser> {
  const { name, email, password, ...rest } = user
  requireFree(name)
  requireStrong(password, name)
  // Before the hashing: a name that is taken need not cost it.
  const use = await metadata.nameInUse(name)
  if (use.user || use.organisation)
    throw new RegistryError('NAME_TAKEN', `the name ${name} is taken`, { detail: { name } })
  const passwordHash = await hasher.hash(password)
  // The mark comes first: a crash in between leaves a registry without accounts that is closed.
  if (!(await metadata.accessState()).closed) await markClosed()
  const created = await metadata.change('createUser', {
    ...rest,
    id: newId(),
    name,
    email: email ?? null,
    passwordHash,
  })
  return { ...(await showUser({ metadata }, { name })), ...created }
}

export async function listUsers(
  { metadata }: Administration,
  page: NamePage,
): Promise<{ users: UserSummary[]; next: string | null }> {
  const users = (await metadata.listUsers(page)).map(summaryOf)
  return {
    users,
    next: nextOf(
      users.map(({ name }) => name),
      page.limit,
    ),
  }
}

/** @throws ACCOUNT_UNKNOWN */
export async function showUser(
  administration: Pick<Administration, 'metadata'>,
  { name }: { name: AccountName },
): Promise<UserSummary> {
  return summaryOf(await requireUser(administration, name))
}

export interface UserChange {
  readonly name: AccountName
  /** Null: none. Undefined leaves a thing as it is. */
  readonly email?: string | null | undefined
  readonly admin?: boolean | undefined
  readonly disabled?: boolean | undefined
}

/** @throws ACCOUNT_UNKNOWN */
export async function changeUser(
  administration: Administration,
  { name, email, admin, disabled }: UserChange,
): Promise<UserSummary> {
  await requireAccounts(administration)
  const { id } = await requireUser(administration, name)
  await administration.metadata.change('setUser', {
    id,
    ...(email === undefined ? {} : { email }),
    ...(admin === undefined ? {} : { admin }),
    ...(disabled === undefined ? {} : { disabled }),
  })
  return showUser(administration, { name })
}

/**
 * Ends every sign-in of the user's that was there before. Whether he knows the current one is asked before.
 * @throws PARAMETER_INVALID where the password is weak
 */
export async function setPassword(
  administration: Administration,
  { name, password }: { name: AccountName; password: string },
): Promise<UserSummary> {
  await requireAccounts(administration)
  const { metadata, hasher } = administration
  const user = await requireUser(administration, name)
  requireOwnPassword(user)
  requireStrong(password, name)
  await metadata.change('setPassword', { id: user.id, hash: await hasher.hash(password) })
  return summaryOf(user)
}

/** What lies in his namespace stays, private and the administrators'; what was granted there goes. @throws ACCOUNT_UNKNOWN */
export async function deleteUser(
  administration: Administration,
  { name }: { name: AccountName },
): Promise<{ deleted: string }> {
  await requireAccounts(administration)
  const { id } = await requireUser(administration, name)
  await administration.metadata.change('deleteUser', { id })
  return { deleted: name }
}

/** @throws ACCOUNT_UNKNOWN */
export async function requireUser(
  { metadata }: Pick<Administration, 'metadata'>,
  name: AccountName,
): Promise<StoredUser> {
  const user = await metadata.findUser(name)
  if (!user) throw unknownAccount('user', name)
  return user
}

/** A password here would be a second way in, which the directory could not close. @throws DENIED */
export function requireOwnPassword({ name, issuer }: StoredUser): void {
  if (issuer === undefined) return
  const directory = directoryNameOf(issuer) ?? issuer
  throw new RegistryError(
    'DENIED',
    `${name} signs in with the password that the directory ${directory} knows: it is changed there`,
  )
}

/** @throws PARAMETER_INVALID */
function requireStrong(password: string, name: string): void {
  const weakness = weaknessOf(password, name)
  if (weakness !== undefined)
    throw new RegistryError('PARAMETER_INVALID', `the password ${weakness}: choose another`)
}

function summaryOf({ name, email, admin, disabled, issuer, createdAt }: StoredUser): UserSummary {
  const directory = issuer === undefined ? null : (directoryNameOf(issuer) ?? issuer)
  return { name, email: email ?? null, admin, disabled, directory, createdAt: isoTime(createdAt) }
}
