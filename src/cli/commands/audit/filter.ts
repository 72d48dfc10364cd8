import type { AuditFilter, AuditOutcome } from '../../../client/audit-management.ts'
import { parseBoundary } from '../../../registry/audit/list.ts'
import { isAge } from '../../../registry/moment.ts'
import { UsageError } from '../../command.ts'
import { repositoryOf } from '../../management/names.ts'

/** The flags by which events are chosen. */
export const filterOptions = {
  user: { type: 'string' },
  action: { type: 'string' },
  repository: { type: 'string' },
  outcome: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
} as const

export const filterHelp: readonly [string, string][] = [
  ['--user', 'only what this user, robot or operator did, such as alice, acme+deploy or cli:root'],
  ['--action', 'only this, such as sign-in or tag:set; tag:* for all that is done to tags'],
  ['--repository', 'only what was done in this repository'],
  ['--outcome', 'only what was done, denied or failed'],
  ['--since', 'from this time on: ISO 8601, in this machine’s zone unless it says, or an age such as 2h'],
  ['--until', 'before this time'],
]

type Values = { readonly [N in keyof typeof filterOptions]?: string | undefined }

/** @throws UsageError */
export function filterOf({
  user,
  action,
  repository,
  outcome,
  since,
  until,
}: Values): Omit<AuditFilter, 'order'> {
  return {
    user,
    action,
    repository: repository === undefined ? undefined : repositoryOf(repository),
    outcome: outcome === undefined ? undefined : outcomeOf(outcome),
    since: since === undefined ? undefined : boundaryOf('--since', since),
    until: until === undefined ? undefined : boundaryOf('--until', until),
  }
}

const outcomes: readonly string[] = ['done', 'denied', 'failed'] satisfies AuditOutcome[]

function outcomeOf(text: string): AuditOutcome {
  if (outcomes.includes(text)) return text as AuditOutcome
  throw new UsageError(`--outcome is done, denied or failed, not ${JSON.stringify(text)}`)
}

/** In the form that the registry reads: ages stay, for its clock counts. */
function boundaryOf(flag: string, text: string): string {
  if (isAge(text)) return text
  try {
    return new Date(parseBoundary(text, { now: Date.now(), local: true })).toISOString()
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`)
  }
}
