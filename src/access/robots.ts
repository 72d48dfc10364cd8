import type { StoredRobot } from '../metadata/metadata-store.ts'
import type { AccountName, RobotName } from './account-name.ts'
import {
  type Administration,
  isoTime,
  type NamePage,
  nextOf,
  requireAccounts,
  unknownAccount,
} from './administration.ts'
import { requireOrganisation } from './organisations.ts'

export interface RobotSummary {
  /** What it signs in as: `acme+deploy`. */
  readonly name: string
  readonly disabled: boolean
  readonly createdAt: string
}

/** @throws ACCOUNT_UNKNOWN, NAME_TAKEN */
export async function createRobot(administration: Administration, robot: RobotName): Promise<RobotSummary> {
  await requireAccounts(administration)
  const { id } = await requireOrganisation(administration, robot.organisation)
  const { metadata, newId } = administration
  await metadata.change('createRobot', { id: newId(), organisation: id, name: robot.name })
  return summaryOf(robot, await requireRobot(administration, robot))
}

/** @throws ACCOUNT_UNKNOWN */
export async function listRobots(
  administration: Administration,
  { organisation, ...page }: NamePage & { organisation: AccountName },
): Promise<{ robots: RobotSummary[]; next: string | null }> {
  const { id } = await requireOrganisation(administration, organisation)
  const found = await administration.metadata.listRobots({ ...page, organisation: id })
  return {
    robots: found.map((robot) => summaryOf({ organisation }, robot)),
    next: nextOf(
      found.map(({ name }) => name),
      page.limit,
    ),
  }
}

/** Disabled, none of its tokens holds any more, until it is enabled again. @throws ACCOUNT_UNKNOWN */
export async function changeRobot(
  administration: Administration,
  { disabled, ...robot }: RobotName & { disabled: boolean },
): Promise<RobotSummary> {
  await requireAccounts(administration)
  const { id } = await requireRobot(administration, robot)
  await administration.metadata.change('setRobot', { id, disabled })
  return summaryOf(robot, await requireRobot(administration, robot))
}

/** With its tokens. @throws ACCOUNT_UNKNOWN */
export async function deleteRobot(
  administration: Administration,
  robot: RobotName,
): Promise<{ deleted: string }> {
  await requireAccounts(administration)
  const { id } = await requireRobot(administration, robot)
  await administration.metadata.change('deleteRobot', { id })
  return { deleted: nameOf(robot) }
}

/** @throws ACCOUNT_UNKNOWN */
export async function requireRobot(administration: Administration, robot: RobotName): Promise<StoredRobot> {
  const { id } = await requireOrganisation(administration, robot.organisation)
  const found = await administration.metadata.findRobot({ organisation: id, name: robot.name })
  if (!found) throw unknownAccount('robot', nameOf(robot))
  return found
}

function nameOf({ organisation, name }: RobotName): string {
  return `${organisation}+${name}`
}

function summaryOf(
  { organisation }: { organisation: AccountName },
  { name, disabled, createdAt }: StoredRobot,
): RobotSummary {
  return { name: `${organisation}+${name}`, disabled, createdAt: isoTime(createdAt) }
}
