import type { AuditEvent } from '../../../client/audit-management.ts'
import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { timeText } from '../../output/units.ts'
import { filterHelp, filterOf, filterOptions } from './filter.ts'

const standardLimit = 50
const largestLimit = 10_000

export const auditList = managing({
  name: 'audit list',
  summary: 'show who did what, the latest first',
  about: `Shows what was done, by whom and from where, and what was refused: the latest first. Pulls and
sign-ins are gathered for some seconds; TIMES says how many alike an entry stands for.
\`berth audit export\` has all that is known of each.`,
  options: { ...filterOptions, limit: { type: 'string' } },
  flags: [...filterHelp, ['--limit', `how many, at most ${largestLimit} [${standardLimit}]`]],
  examples: [
    'berth audit list --since 1h',
    'berth audit list --action sign-in --outcome denied',
    'berth audit list --repository team/app --user alice --output json',
  ],
  async run({ values, open }) {
    const filter = { ...filterOf(values), order: 'newest' as const }
    const limit = limitOf(values.limit)
    await using management = await open()
    const events: AuditEvent[] = []
    for (let after: string | null = ''; after !== null && events.length < limit; ) {
      const page: Awaited<ReturnType<typeof management.listAudit>> = await management.listAudit({
        ...filter,
        after,
        limit: Math.min(limit - events.length, 1000),
      })
      events.push(...page.events)
      after = page.next
    }
    printResult(values, { events }, () =>
      table(
        ['at', 'who', 'address', 'action', 'repository', 'what', 'outcome', 'times'],
        events.map((event) => [
          timeText(Date.parse(event.at)),
          event.who,
          event.address ?? '-',
          event.action,
          event.repository ?? '-',
          whatOf(event),
          event.outcome,
          String(event.count),
        ]),
        'nothing is on record',
      ),
    )
    return 0
  },
})

/** The tags, the digest or the account, whichever is there. */
function whatOf({ digest, subject, detail }: AuditEvent): string {
  const { tags, name, code } = (detail ?? {}) as { tags?: unknown; name?: unknown; code?: unknown }
  if (Array.isArray(tags) && tags.length > 0) return shortened(tags.join(', '))
  if (typeof code === 'string') return code
  if (digest !== null) return shortened(digest)
  if (typeof name === 'string') return shortened(name)
  return subject === null ? '-' : shortened(subject)
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return standardLimit
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= largestLimit) return limit
  throw new UsageError(`--limit is a number from 1 to ${largestLimit}, not ${JSON.stringify(text)}`)
}
