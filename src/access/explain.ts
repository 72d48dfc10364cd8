import {
  type Accounts,
  type By,
  require,
  requireOrganisation,
  requireUser,
  unknownAccount,
} from './accounts.ts'
import type { Action, Decision, Resource } from './actions.ts'
import { anonymous, type Identity } from './identity.ts'

/**
 * Decides as if somebody had just signed in, and says why.
 * @param args.who a user, a robot (`acme+deploy`), or `anonymous`
 * @throws ACCOUNT_UNKNOWN; DENIED for who is neither he nor an administrator
 */
export async function explain(
  accounts: Accounts,
  { by, who, action, resource }: By & { who: string; action: Action; resource: Resource },
): Promise<Decision> {
  await require(accounts, by, { action: 'account:self', resource: { kind: 'user', name: who } })
  return accounts.decide(await identityOf(accounts, who), action, resource)
}

async function identityOf(accounts: Accounts, who: string): Promise<Identity> {
  if (who === 'anonymous') return anonymous
  const [organisation = '', robot] = who.split('+')
  if (robot === undefined) {
    const { id, name, generation } = await requireUser(accounts, who)
    return { kind: 'user', id, name, generation }
  }
  const { id: within } = await requireOrganisation(accounts, organisation)
  const found = await accounts.metadata.findRobot({ organisation: within, name: robot })
  const { id, generation } = found ?? unknownAccount('robot', who)
  return { kind: 'robot', id, name: who, generation }
}
