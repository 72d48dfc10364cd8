import { nameUse } from '../accounts-queries.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { type FollowedGroups, followGroups, type NamedTeam } from './outside-memberships.ts'
import { withdrawTokens } from './tokens.ts'
import { createUser, nameTaken } from './users.ts'

/** Somebody whom a directory, or another issuer, knows, as it knows him now. */
export interface Outsider {
  /** `ldap:corp` */
  issuer: string
  subject: string
  /** What he is called there. */
  login: string
  email: string | null
  /** The id of his account, where it is to be made. */
  id: string
  /** Names that it may have, the best first; none: it must be there. */
  names: readonly string[]
  teams: readonly NamedTeam[]
  /** Null: the issuer does not say. */
  admin: boolean | null
}

export interface AdmittedOutsider extends FollowedGroups {
  id: string
  name: string
  generation: number
  admin: boolean
  disabled: boolean
  /** Whether his rights are other than they were, beside those of teams. */
  changed: boolean
  /** Whether the account was made just now. */
  created: boolean
}

/**
 * Makes the account of somebody whom an issuer vouches for, or brings it up to date. It is found by issuer and subject
 * alone; a name that is anybody's, or that anything lies below, is not given to him.
 * @throws NAME_TAKEN where none of the names is free
 */
export async function admitOutsider(tx: Transaction, outsider: Outsider): Promise<AdmittedOutsider> {
  const { issuer, subject, login, id, teams, admin } = outsider
  // Before anything else: of two that sign in for the first time at once, the second waits here and finds the first's.
  const created =
    outsider.names.length > 0 && (await tx.run(insertIdentity, { issuer, subject, login, account: id })) > 0
  if (created) await makeAccount(tx, outsider)
  const found = await tx.first(lockIdentity, { issuer, subject })
  if (!found) throw nameTaken(outsider.names[0] ?? login)
  const { account } = found
  await tx.run(noteSeen, { account, login })
  const before = await tx.first(lockUser, { account })
  if (!before) throw nameTaken(outsider.names[0] ?? login)
  const flags = {
    admin: admin === null ? before.admin : Number(admin),
    disabled: found.withdrawn_at === null ? before.disabled : 0,
  }
  const changed = flags.admin !== before.admin || flags.disabled !== before.disabled
  if (changed) {
    await tx.run(updateFlags, { account, ...flags })
    await withdrawTokens(tx, { owner: account })
  }
  const followed = await followGroups(tx, { member: account, teams })
  return {
    id: account,
    name: before.name,
    generation: before.generation + (changed ? 1 : 0),
    admin: flags.admin === 1,
    disabled: flags.disabled === 1,
    changed,
    created,
    ...followed,
  }
}

/**
 * The issuer says that he is not there any more: what he was signed in with ends, and he is disabled until it says
 * otherwise. Whom an administrator disabled before stays so.
 * @returns the id of his account; undefined where he was out already
 */
export async function withdrawOutsider(
  tx: Transaction,
  identity: { issuer: string; subject: string },
): Promise<string | undefined> {
  const found = await tx.first(lockIdentity, identity)
  if (!found) return undefined
  const { account } = found
  const user = await tx.first(lockUser, { account })
  if (!user || user.disabled === 1) return undefined
  await tx.run(noteWithdrawal, { account })
  await tx.run(updateFlags, { account, admin: user.admin, disabled: 1 })
  await withdrawTokens(tx, { owner: account })
  return account
}

async function makeAccount(tx: Transaction, { id, names, email, admin }: Outsider): Promise<void> {
  for (const name of names) {
    const use = await tx.first(nameUse, { name, low: `${name}/`, high: `${name}0` })
    if (!use || use.users > 0 || use.organisations > 0 || use.namespace !== null || use.repositories === 1)
      continue
    const account = { id, name, email, passwordHash: null, admin: admin === true }
    await createUser(tx, { ...account, first: false, invitation: null })
    return
  }
  throw nameTaken(names[0] ?? '')
}

const insertIdentity = statement<{ issuer: string; subject: string; login: string; account: string }>()(
  ({ db, arg, now }) =>
    db
      .insertInto('outside_identities')
      .values({
        issuer: arg('issuer'),
        subject: arg('subject'),
        account: arg('account'),
        login: arg('login'),
        checked_at: now,
        withdrawn_at: null,
      })
      .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing()),
)

const lockIdentity = statement<{ issuer: string; subject: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('outside_identities')
    .select(['account', 'withdrawn_at'])
    .where('issuer', '=', arg('issuer'))
    .where('subject', '=', arg('subject'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const noteSeen = statement<{ account: string; login: string }>()(({ db, arg, now }) =>
  db
    .updateTable('outside_identities')
    .set({ login: arg('login'), checked_at: now, withdrawn_at: null })
    .where('account', '=', arg('account')),
)

const noteWithdrawal = statement<{ account: string }>()(({ db, arg, now }) =>
  db.updateTable('outside_identities').set({ withdrawn_at: now }).where('account', '=', arg('account')),
)

const lockUser = statement<{ account: string }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('users')
    .select(['name', 'generation', 'admin', 'disabled'])
    .where('id', '=', arg('account'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const updateFlags = statement<{ account: string; admin: number; disabled: number }>()(({ db, arg }) =>
  db
    .updateTable('users')
    .set((eb) => ({
      admin: arg('admin'),
      disabled: arg('disabled'),
      generation: eb('generation', '+', 1),
    }))
    .where('id', '=', arg('account')),
)
