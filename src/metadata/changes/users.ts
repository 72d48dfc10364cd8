import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { closeRegistry } from './closing.ts'
import { withdrawTokens } from './tokens.ts'
import { withdrawNamespace } from './withdraw-rights.ts'

export interface NewUser {
  id: string
  name: string
  email: string | null
  /** Null: he can't sign in by password. */
  passwordHash: string | null
  admin: boolean
  /** Only while there is no other, as whoever closes an open registry. */
  first: boolean
  /** The hash of the invitation that he takes; null: none. */
  invitation: string | null
}

export interface CreatedUser {
  /** Whether the namespace of his name is his; else it was there before, and stays the administrators'. */
  readonly namespace: boolean
  /** Whether he is the one who closed the registry. */
  readonly closed: boolean
}

/**
 * Makes a user with the namespace of his name. The first one closes the registry.
 * @throws NAME_TAKEN, INVITATION_INVALID; DENIED where he should be the first and is not
 */
export async function createUser(tx: Transaction, user: NewUser): Promise<CreatedUser> {
  // Before anything else: of two that want to be the first, the second waits here.
  if (user.first) await tx.first(lockState, {})
  const closed = await closeRegistry(tx, { why: `the user ${user.name} was made` })
  if (user.first && (await tx.first(anyUser, {})))
    throw new RegistryError('DENIED', 'the registry has users by now: one of its administrators adds others')
  const organisation = user.invitation === null ? undefined : await takeInvitation(tx, user.invitation)
  const namespace = await takeName(tx, { name: user.name, ownerKind: 'user', owner: user.id })
  if ((await tx.run(insertUser, { ...user, admin: user.admin ? 1 : 0 })) === 0) throw nameTaken(user.name)
  if (organisation) await tx.run(insertMember, { organisation, member: user.id })
  await tx.run(forgetSetupCode, {})
  return { namespace, closed }
}

/**
 * Makes the namespace of an account's name, unless it is the administrators', or has repositories of theirs. What was
 * granted below the name while it was nobody's is no decision of its owner's, and goes.
 * @returns whether it belongs to the account
 * @throws NAME_TAKEN when it is another's
 */
export async function takeName(
  tx: Transaction,
  namespace: { name: string; ownerKind: 'user' | 'organisation'; owner: string },
): Promise<boolean> {
  const { name } = namespace
  if (await tx.first(anyOther[namespace.ownerKind], { name })) throw nameTaken(name)
  const range = { low: `${name}/` as RepositoryName, high: `${name}0` as RepositoryName }
  if (await tx.first(repositoryBelow, range)) {
    const found = await tx.first(namespaceOwner, { name })
    if (found && found.owner_kind !== 'administrators') throw nameTaken(name)
    return false
  }
  if ((await tx.run(insertNamespace, namespace)) === 1) {
    await withdrawNamespace(tx, { name })
    return true
  }
  const found = await tx.first(namespaceOwner, { name })
  if (found?.owner_kind !== 'administrators') throw nameTaken(name)
  return false
}

export function nameTaken(name: string): RegistryError {
  return new RegistryError('NAME_TAKEN', `the name ${name} is taken`, { detail: { name } })
}

/** Undefined leaves a thing as it is. */
export interface UserChange {
  id: string
  email?: string | null
  admin?: boolean
  disabled?: boolean
}

/** What changes his rights ends his tokens. @returns false when there is no such user */
export async function setUser(tx: Transaction, change: UserChange): Promise<boolean> {
  const { id, email, admin, disabled } = change
  // Before the user's row, as whoever follows a directory locks the two.
  if (disabled !== undefined) await tx.run(forgetWithdrawal, { id })
  const user = await tx.first(lockUser, { id })
  if (!user) return false
  if (email !== undefined) await tx.run(updateEmail, { id, email })
  const flags = {
    admin: admin === undefined ? user.admin : Number(admin),
    disabled: disabled === undefined ? user.disabled : Number(disabled),
  }
  if (flags.admin === user.admin && flags.disabled === user.disabled) return true
  await tx.run(updateFlags, { id, ...flags })
  await withdrawTokens(tx, { owner: id })
  return true
}

/** Whoever signed in before signs in again. @returns false when there is no such user */
export async function setPassword(
  tx: Transaction,
  args: { id: string; hash: string | null },
): Promise<boolean> {
  if ((await tx.run(updatePassword, args)) === 0) return false
  await withdrawTokens(tx, { owner: args.id })
  return true
}

/** The same password under a better hash. @returns false when it is not the same any more */
export async function rehashPassword(
  tx: Transaction,
  args: { id: string; from: string; to: string },
): Promise<boolean> {
  return (await tx.run(replaceHash, args)) > 0
}

/** @returns the organisation that he becomes a member of, if any */
async function takeInvitation(tx: Transaction, hash: string): Promise<string | null> {
  const invitation = await tx.first(invitationOf, { hash })
  if (!invitation || (await tx.run(deleteInvitationOf, { hash })) === 0) {
    throw new RegistryError(
      'INVITATION_INVALID',
      'the invitation is used, withdrawn or expired: ask for another',
    )
  }
  return invitation.organisation
}

const lockState = statement<object>()(({ db, dialect }) =>
  db
    .selectFrom('access_state')
    .select('closed')
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const anyUser = statement<object>()(({ db }) => db.selectFrom('users').select('id').limit(1))

const anyOther = {
  user: statement<{ name: string }>()(({ db, arg }) =>
    db.selectFrom('organisations').select('id').where('name', '=', arg('name')),
  ),
  organisation: statement<{ name: string }>()(({ db, arg }) =>
    db.selectFrom('users').select('id').where('name', '=', arg('name')),
  ),
}

const repositoryBelow = statement<{ low: RepositoryName; high: RepositoryName }>()(({ db, arg }) =>
  db
    .selectFrom('repositories')
    .select('name')
    .where('name', '>', arg('low'))
    .where('name', '<', arg('high'))
    .limit(1),
)

const insertNamespace = statement<{ name: string; ownerKind: 'user' | 'organisation'; owner: string }>()(
  ({ db, arg, now }) =>
    db
      .insertInto('namespaces')
      .values({
        name: arg('name'),
        owner_kind: arg('ownerKind'),
        owner: arg('owner'),
        default_visibility: 'private',
        created_at: now,
      })
      .onConflict((conflict) => conflict.column('name').doNothing()),
)

const namespaceOwner = statement<{ name: string }>()(({ db, arg }) =>
  db.selectFrom('namespaces').select('owner_kind').where('name', '=', arg('name')),
)

const insertUser = statement<Omit<NewUser, 'admin'> & { admin: number }>()(({ db, arg, now }) =>
  db
    .insertInto('users')
    .values({
      id: arg('id'),
      name: arg('name'),
      email: arg('email'),
      password_hash: arg('passwordHash'),
      admin: arg('admin'),
      disabled: 0,
      generation: 1,
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('name').doNothing()),
)

const insertMember = statement<{ organisation: string; member: string }>()(({ db, arg }) =>
  db
    .insertInto('organisation_members')
    .values({ organisation: arg('organisation'), member: arg('member'), role: 'member' }),
)

const forgetSetupCode = statement<object>()(({ db }) =>
  db.deleteFrom('state').where('key', '=', 'setup-code'),
)

const invitationOf = statement<{ hash: string }>()(({ db, arg, now }) =>
  db
    .selectFrom('invitations')
    .select('organisation')
    .where('hash', '=', arg('hash'))
    .where('expires_at', '>', now),
)

const deleteInvitationOf = statement<{ hash: string }>()(({ db, arg }) =>
  db.deleteFrom('invitations').where('hash', '=', arg('hash')),
)

const lockUser = statement<{ id: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('users')
    .select(['admin', 'disabled'])
    .where('id', '=', arg('id'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const updateEmail = statement<{ id: string; email: string | null }>()(({ db, arg }) =>
  db
    .updateTable('users')
    .set({ email: arg('email') })
    .where('id', '=', arg('id')),
)

const updateFlags = statement<{ id: string; admin: number; disabled: number }>()(({ db, arg }) =>
  db
    .updateTable('users')
    .set((eb) => ({
      admin: arg('admin'),
      disabled: arg('disabled'),
      generation: eb('generation', '+', 1),
    }))
    .where('id', '=', arg('id')),
)

/** Whether he is disabled is an administrator's word now, which a directory does not take back. */
const forgetWithdrawal = statement<{ id: string }>()(({ db, arg }) =>
  db.updateTable('outside_identities').set({ withdrawn_at: null }).where('account', '=', arg('id')),
)

const updatePassword = statement<{ id: string; hash: string | null }>()(({ db, arg }) =>
  db
    .updateTable('users')
    .set((eb) => ({ password_hash: arg('hash'), generation: eb('generation', '+', 1) }))
    .where('id', '=', arg('id')),
)

const replaceHash = statement<{ id: string; from: string; to: string }>()(({ db, arg }) =>
  db
    .updateTable('users')
    .set({ password_hash: arg('to') })
    .where('id', '=', arg('id'))
    .where('password_hash', '=', arg('from')),
)
