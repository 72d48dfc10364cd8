import type { ListedTrust } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RobotName } from './account-name.ts'
import { type Administration, isoTime, requireAccounts, unknownAccount } from './administration.ts'
import { requireRobot } from './robots.ts'
import type { Scope } from './scope.ts'
import { tokenScopeText } from './token-scopes.ts'
import { parseTrustRule, type TrustRule } from './workload/trust-rule.ts'

export interface NewTrust extends TrustRule {
  readonly robot: RobotName
  /** Undefined: all that the robot may. */
  readonly scopes: readonly Scope[] | undefined
}

export interface TrustSummary extends TrustRule {
  readonly id: string
  /** As people write them: `acme/app:pull,push`. Null: all that the robot may. */
  readonly scopes: readonly string[] | null
  /** Tokens that jobs were given by it, and that still hold. */
  readonly tokens: number
  readonly createdAt: string
}

export interface CreatedTrust extends TrustSummary {
  /** What jobs sign in as. */
  readonly robot: string
}

/** Of one robot: more than anybody can look after. */
const mostTrusts = 20

/** @throws ACCOUNT_UNKNOWN, PARAMETER_INVALID where it would let in everybody at the issuer */
export async function addTrust(
  administration: Administration,
  { robot, scopes, ...given }: NewTrust,
): Promise<CreatedTrust> {
  await requireAccounts(administration)
  const rule = parseTrustRule(given)
  const { metadata, newId, now } = administration
  const { id: owner } = await requireRobot(administration, robot)
  const name = nameOf(robot)
  if ((await metadata.listTrusts({ robot: owner, limit: mostTrusts })).length >= mostTrusts)
    throw new RegistryError('PARAMETER_INVALID', `${name} has ${mostTrusts} trusts: remove some first`)
  const { issuer, audience } = rule
  const row = {
    id: newId(),
    robot: owner,
    issuer,
    audience,
    claims: JSON.stringify(rule.claims),
    scopes: scopes === undefined ? null : JSON.stringify(scopes),
  }
  if (!(await metadata.change('addRobotTrust', row))) throw unknownAccount('robot', name)
  const stored = { ...row, scopes: row.scopes ?? undefined, createdAt: now(), tokens: 0 }
  return { robot: name, ...summaryOf(stored) }
}

/** The oldest first. @throws ACCOUNT_UNKNOWN */
export async function listTrusts(
  administration: Administration,
  robot: RobotName,
): Promise<{ robot: string; trusts: TrustSummary[] }> {
  const { id } = await requireRobot(administration, robot)
  const found = await administration.metadata.listTrusts({ robot: id, limit: mostTrusts })
  return { robot: nameOf(robot), trusts: found.map(summaryOf) }
}

/** With the tokens that jobs were given by it. @throws ACCOUNT_UNKNOWN, TRUST_UNKNOWN */
export async function removeTrust(
  administration: Administration,
  { id, ...robot }: RobotName & { id: string },
): Promise<{ removed: string; robot: string }> {
  await requireAccounts(administration)
  const { metadata } = administration
  const { id: owner } = await requireRobot(administration, robot)
  const found = await metadata.listTrusts({ robot: owner, limit: mostTrusts })
  const isIts = found.some((trust) => trust.id === id)
  if (!isIts || !(await metadata.change('removeRobotTrust', { id })))
    throw new RegistryError('TRUST_UNKNOWN', `${nameOf(robot)} has no trust ${id}`, { detail: { id } })
  return { removed: id, robot: nameOf(robot) }
}

function nameOf({ organisation, name }: RobotName): string {
  return `${organisation}+${name}`
}

function summaryOf({ id, issuer, audience, claims, scopes, tokens, createdAt }: ListedTrust): TrustSummary {
  return {
    id,
    issuer,
    audience,
    claims: JSON.parse(claims) as TrustRule['claims'],
    scopes: scopes === undefined ? null : (JSON.parse(scopes) as Scope[]).map(tokenScopeText),
    tokens,
    createdAt: isoTime(createdAt),
  }
}
