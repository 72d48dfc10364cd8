import type { CreatedUser } from '../metadata/changes/users.ts'
import type { StoredUser } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import {
  type Accounts,
  type By,
  instant,
  type PageQuery,
  page,
  require,
  requireUser,
  unknownAccount,
} from './accounts.ts'
import { isSetupCode } from './closing.ts'
import { parseAccountName } from './names.ts'

/** Times are ISO 8601. */
export interface UserSummary {
  readonly name: string
  readonly email: string | null
  readonly admin: boolean
  readonly disabled: boolean
  /** Whether he can sign in by password. */
  readonly password: boolean
  readonly createdAt: string
}

export interface NewAccount {
  readonly name: string
  readonly email?: string | undefined
  /** Undefined: he can't sign in by password. */
  readonly passwordHash?: string | undefined
}

export interface MadeUser extends CreatedUser {
  readonly name: string
  readonly admin: boolean
}

/** What `MadeUser.closed` means, for whoever just did it. */
export const closedByFirstUser =
  'the registry is closed now: only who signs in may push, and what was pushed before is private and the administrators’'

/** Makes a user. The first one closes the registry. @throws NAME_INVALID, NAME_RESERVED, NAME_TAKEN */
export async function createUser(
  accounts: Accounts,
  { by, admin, ...account }: By & NewAccount & { readonly admin: boolean },
): Promise<MadeUser> {
  await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  return make(accounts, { ...account, admin, first: false, invitation: null })
}

/**
 * Makes the first user, an administrator, for somebody whom nobody knows yet.
 * @param args.local whether he calls from the machine itself; from elsewhere he needs the code that the log printed
 * @throws SETUP_CODE_INVALID; DENIED when there are users
 */
export async function createFirstUser(
  accounts: Accounts,
  {
    local,
    setupCode,
    ...account
  }: NewAccount & { readonly local: boolean; readonly setupCode: string | undefined },
): Promise<MadeUser> {
  if ((await accounts.metadata.accessState()).hasUsers)
    throw new RegistryError('DENIED', 'the registry has users: one of its administrators adds others')
  if (!local && !(await isSetupCode(accounts.metadata, setupCode ?? ''))) {
    throw new RegistryError(
      'SETUP_CODE_INVALID',
      'from elsewhere than the server itself the first account takes the set-up code that its log printed',
    )
  }
  return make(accounts, { ...account, admin: true, first: true, invitation: null })
}

/**
 * Makes an account for whoever asks, as far as the setting access.registration lets him.
 * @param args.invitation the SHA-256 of the invitation's secret, in hex
 * @throws REGISTRATION_CLOSED, INVITATION_INVALID, NAME_TAKEN
 */
export async function register(
  accounts: Accounts,
  { invitation, ...account }: NewAccount & { readonly invitation?: string | undefined },
): Promise<MadeUser> {
  const { metadata, registration } = accounts
  if (registration === 'off') throw registrationClosed('an administrator makes the accounts here')
  if (!(await metadata.accessState()).closed)
    throw registrationClosed('the registry has no administrator yet, who must be the first')
  if (registration === 'invite' && invitation === undefined)
    throw registrationClosed('it takes an invitation')
  const name = parseAccountName(account.name)
  const use = await metadata.nameInUse(name)
  // An administrator may give somebody a name whose namespace is not his; who comes by himself must not look like it.
  if (use.namespace !== undefined || use.repositories || use.user || use.organisation)
    throw new RegistryError('NAME_TAKEN', `the name ${name} is taken`, { detail: { name } })
  return make(accounts, { ...account, admin: false, first: false, invitation: invitation ?? null })
}

function registrationClosed(why: string): RegistryError {
  return new RegistryError('REGISTRATION_CLOSED', `nobody can register by himself: ${why}`)
}

async function make(
  { metadata, blobs, newId }: Accounts,
  account: NewAccount & { admin: boolean; first: boolean; invitation: string | null },
): Promise<MadeUser> {
  const name = parseAccountName(account.name)
  const { admin, first, invitation } = account
  const created = { id: newId(), name, email: parseEmail(account.email), admin, first, invitation }
  // The mark comes first: a lost database must not open a registry that had accounts.
  if (!(await metadata.accessState()).closed) await blobs.markClosed?.()
  const passwordHash = account.passwordHash ?? null
  return { ...(await metadata.change('createUser', { ...created, passwordHash })), name, admin }
}

/** @throws PARAMETER_INVALID */
function parseEmail(text: string | undefined): string | null {
  if (text === undefined || text === '') return null
  if (text.length <= 254 && /^[^\s@\0]+@[^\s@\0]+$/.test(text) && text.isWellFormed()) return text
  throw new RegistryError('PARAMETER_INVALID', 'this is no e-mail address', {
    detail: { email: text.slice(0, 300) },
  })
}

export async function listUsers(
  accounts: Accounts,
  { by, after, limit }: By & PageQuery,
): Promise<{ users: readonly UserSummary[]; next: string | null }> {
  await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  const found = await accounts.metadata.listUsers({ after, limit: limit + 1 })
  const { entries, next } = page(found, limit, ({ name }) => name)
  return { users: entries.map(summaryOf), next }
}

/** An administrator sees all, a user himself. @throws ACCOUNT_UNKNOWN */
export async function showUser(
  accounts: Accounts,
  { by, name }: By & { name: string },
): Promise<UserSummary> {
  await require(accounts, by, { action: 'account:self', resource: { kind: 'user', name } })
  return summaryOf(await requireUser(accounts, name))
}

export interface UserSettings {
  readonly name: string
  readonly email?: string | undefined
  readonly admin?: boolean | undefined
  /** A disabled user can't sign in, and his tokens hold no more. */
  readonly disabled?: boolean | undefined
}

/** A user may change his own e-mail address, administrators the rest. @throws ACCOUNT_UNKNOWN */
export async function changeUser(
  accounts: Accounts,
  { by, name, email, admin, disabled }: By & UserSettings,
): Promise<UserSummary> {
  const forAdministrators = admin !== undefined || disabled !== undefined
  await require(accounts, by, forAdministrators
    ? { action: 'accounts:administer', resource: undefined }
    : { action: 'account:self', resource: { kind: 'user', name } })
  const { id } = await requireUser(accounts, name)
  await accounts.metadata.change('setUser', {
    id,
    ...(email === undefined ? {} : { email: parseEmail(email) }),
    ...(admin === undefined ? {} : { admin }),
    ...(disabled === undefined ? {} : { disabled }),
  })
  return summaryOf(await requireUser(accounts, name))
}

/**
 * A user changes his own password, which who calls this has asked him for once more; an administrator anybody's.
 * Whatever was signed in with the one before holds no more.
 * @throws ACCOUNT_UNKNOWN
 */
export async function changePassword(
  accounts: Accounts,
  { by, name, passwordHash }: By & { name: string; passwordHash: string },
): Promise<void> {
  await require(accounts, by, { action: 'account:self', resource: { kind: 'user', name } })
  const { id } = await requireUser(accounts, name)
  if (!(await accounts.metadata.change('setPassword', { id, hash: passwordHash })))
    unknownAccount('user', name)
}

/** What lies in his namespace stays, and is the administrators'. @throws ACCOUNT_UNKNOWN */
export async function deleteUser(accounts: Accounts, { by, name }: By & { name: string }): Promise<void> {
  await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  const { id } = await requireUser(accounts, name)
  if (!(await accounts.metadata.change('deleteUser', { id }))) unknownAccount('user', name)
}

function summaryOf({ name, email, admin, disabled, hasPassword, createdAt }: StoredUser): UserSummary {
  return {
    name,
    email: email ?? null,
    admin,
    disabled,
    password: hasPassword,
    createdAt: instant(createdAt),
  }
}
