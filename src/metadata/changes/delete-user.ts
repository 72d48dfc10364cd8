import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { releaseNamespaces } from './namespaces.ts'
import { forgetOutsider } from './outside-memberships.ts'
import { withdrawTokens } from './tokens.ts'

/**
 * Forgets a user with his memberships, grants, tokens and invitations, and with what was granted in his namespaces. What
 * lies there stays, private, and is the administrators'.
 * @returns false when there was none
 */
export async function deleteUser(tx: Transaction, { id }: { id: string }): Promise<boolean> {
  // Before the user's row, as whoever follows a directory locks the two.
  await forgetOutsider(tx, { account: id })
  const name = (await tx.first(nameOf, { id }))?.name
  if (name === undefined || (await tx.run(deleteUserRow, { id })) === 0) return false
  await tx.run(deleteMemberships, { id })
  await tx.run(deleteTeamMemberships, { id })
  await tx.run(deleteGrants, { id })
  await tx.run(deleteAccessTokens, { id })
  // He may hold one himself.
  await tx.run(deleteInvitationsBy, { name })
  await withdrawTokens(tx, { owner: id })
  await releaseNamespaces(tx, { owner: id })
  return true
}

const nameOf = statement<{ id: string }>()(({ db, arg }) =>
  db.selectFrom('users').select('name').where('id', '=', arg('id')),
)

const deleteUserRow = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('users').where('id', '=', arg('id')),
)

const deleteMemberships = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('organisation_members').where('member', '=', arg('id')),
)

const deleteTeamMemberships = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('team_members').where('member', '=', arg('id')),
)

const deleteGrants = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('grants').where('subject', '=', arg('id')),
)

const deleteAccessTokens = statement<{ id: string }>()(({ db, arg }) =>
  db.deleteFrom('access_tokens').where('owner', '=', arg('id')),
)

const deleteInvitationsBy = statement<{ name: string }>()(({ db, arg }) =>
  db.deleteFrom('invitations').where('created_by', '=', arg('name')),
)
