import type { StoredRobot } from '../metadata/metadata-store.ts'
import { type Accounts, type By, instant, type PageQuery, page, unknownAccount } from './accounts.ts'
import { parseMinorName } from './names.ts'
import { administered } from './organisations.ts'

/** Times are ISO 8601. */
export interface RobotSummary {
  /** What it signs in as: `acme+deploy`. */
  readonly login: string
  readonly name: string
  readonly disabled: boolean
  readonly createdAt: string
}

interface OfOrganisation {
  readonly organisation: string
}

/** An account for machines. It can do nothing before it has an access token. @throws NAME_INVALID, NAME_TAKEN */
export async function createRobot(
  accounts: Accounts,
  { by, organisation, robot }: By & OfOrganisation & { robot: string },
): Promise<RobotSummary> {
  const { id } = await administered(accounts, { by, organisation })
  const name = parseMinorName(robot)
  await accounts.metadata.change('createRobot', { id: accounts.newId(), organisation: id, name })
  const made = await accounts.metadata.findRobot({ organisation: id, name })
  return made ? summaryOf(made, organisation) : unknownAccount('robot', `${organisation}+${name}`)
}

export async function listRobots(
  accounts: Accounts,
  { by, organisation, after, limit }: By & OfOrganisation & PageQuery,
): Promise<{ robots: readonly RobotSummary[]; next: string | null }> {
  const { id } = await administered(accounts, { by, organisation })
  const found = await accounts.metadata.listRobots({ organisation: id, after, limit: limit + 1 })
  const { entries, next } = page(found, limit, ({ name }) => name)
  return { robots: entries.map((robot) => summaryOf(robot, organisation)), next }
}

/** A disabled robot's tokens hold no more. @throws ACCOUNT_UNKNOWN */
export async function changeRobot(
  accounts: Accounts,
  { by, organisation, robot, disabled }: By & OfOrganisation & { robot: string; disabled: boolean },
): Promise<void> {
  const { id } = await requireRobot(accounts, { by, organisation, robot })
  await accounts.metadata.change('setRobot', { id, disabled })
}

/** With its access tokens. @throws ACCOUNT_UNKNOWN */
export async function deleteRobot(
  accounts: Accounts,
  { by, organisation, robot }: By & OfOrganisation & { robot: string },
): Promise<void> {
  const { id } = await requireRobot(accounts, { by, organisation, robot })
  await accounts.metadata.change('deleteRobot', { id })
}

async function requireRobot(
  accounts: Accounts,
  { by, organisation, robot }: By & OfOrganisation & { robot: string },
): Promise<StoredRobot> {
  const { id } = await administered(accounts, { by, organisation })
  const found = await accounts.metadata.findRobot({ organisation: id, name: robot })
  return found ?? unknownAccount('robot', `${organisation}+${robot}`)
}

function summaryOf({ name, disabled, createdAt }: StoredRobot, organisation: string): RobotSummary {
  return { login: `${organisation}+${name}`, name, disabled, createdAt: instant(createdAt) }
}
