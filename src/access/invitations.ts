import type { StoredInvitation } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import { type Accounts, type By, instant, type PageQuery, page, require } from './accounts.ts'
import { administered } from './organisations.ts'

/** Times are ISO 8601. */
export interface InvitationSummary {
  readonly id: string
  /** For whoever sent it: nothing is checked by it. */
  readonly email: string | null
  readonly createdBy: string
  readonly createdAt: string
  readonly expiresAt: string
}

/**
 * Lets one person make an account, and a member of the organisation at once.
 * @param args.hash the SHA-256 of the invitation's secret, in hex
 * @param args.expiresAt milliseconds since 1970
 */
export async function invite(
  accounts: Accounts,
  {
    by,
    hash,
    email,
    organisation,
    expiresAt,
  }: By & { hash: string; email?: string | undefined; organisation?: string | undefined; expiresAt: number },
): Promise<{ id: string; expiresAt: string }> {
  await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  const into = organisation === undefined ? null : (await administered(accounts, { by, organisation })).id
  if (!(expiresAt > accounts.now()))
    throw new RegistryError('PARAMETER_INVALID', 'an invitation expires later than now')
  const id = accounts.newId()
  await accounts.metadata.change('createInvitation', {
    id,
    hash,
    email: email ?? null,
    organisation: into,
    created_by: by.name,
    expires_at: expiresAt,
  })
  return { id, expiresAt: instant(expiresAt) }
}

export async function listInvitations(
  accounts: Accounts,
  { by, after, limit }: By & PageQuery,
): Promise<{ invitations: readonly InvitationSummary[]; next: string | null }> {
  await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  const found = await accounts.metadata.listInvitations({ after, limit: limit + 1 })
  const { entries, next } = page(found, limit, ({ id }) => id)
  return { invitations: entries.map(summaryOf), next }
}

/** @throws INVITATION_INVALID when there is none */
export async function withdrawInvitation(accounts: Accounts, { by, id }: By & { id: string }): Promise<void> {
  await require(accounts, by, { action: 'accounts:administer', resource: undefined })
  if (await accounts.metadata.change('deleteInvitation', { id })) return
  throw new RegistryError('INVITATION_INVALID', 'there is no such invitation')
}

function summaryOf({ email, createdAt, expiresAt, ...invitation }: StoredInvitation): InvitationSummary {
  const { id, createdBy } = invitation
  return { id, email: email ?? null, createdBy, createdAt: instant(createdAt), expiresAt: instant(expiresAt) }
}
