import type { AuditVerification } from '../../../client/audit-management.ts'
import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'
import { countText, timeText } from '../../output/units.ts'
import { anchorsIn } from './anchors.ts'

export const auditVerify = managing({
  name: 'audit verify',
  summary: 'compare each event of the audit log with what its chain says',
  about: `Reads the whole audit log and names the first hundred events that were changed, removed or
inserted behind the registry’s back. Who can write to the database can make the whole chain anew:
anchors that were kept elsewhere tell that too. Exits with 1 when something was found.`,
  options: { anchors: { type: 'string' } },
  flags: [
    [
      '--anchors',
      'a file of anchors that `berth audit anchor` printed, or lines of the server’s log with them',
    ],
  ],
  examples: ['berth audit verify', 'berth audit verify --anchors /mnt/elsewhere/audit-anchors'],
  async run({ values, open }) {
    const anchors = values.anchors === undefined ? [] : await anchorsIn(values.anchors)
    await using management = await open()
    const verification = await management.verifyAudit({ anchors })
    printResult(values, verification, textOf)
    return verification.findings.length === 0 ? 0 : 1
  },
})

function textOf(verification: AuditVerification): string {
  const { batches, events, unsealed, oldestUnsealed, head, trimmed, anchors, findings } = verification
  const lines = [
    ...findings.map(({ message }) => `${message[0]?.toUpperCase()}${message.slice(1)}.`),
    `${countText(events, 'event')} in ${countText(batches, 'batch', 'batches')} were compared with the chain: ${
      findings.length === 0 ? 'they are as they were written' : 'the audit log was tampered with'
    }.`,
    ...(unsealed > 0 && oldestUnsealed
      ? [
          `${countText(unsealed, 'event')} can not be vouched for: no batch holds them yet; the oldest is of ${timeText(Date.parse(oldestUnsealed))}.`,
        ]
      : []),
    ...(trimmed.number > 0 ? [`Retention removed the batches up to number ${trimmed.number}.`] : []),
    anchors > 0 ? `${countText(anchors, 'anchor')} from elsewhere were compared.` : noAnchors,
    `The chain ends with number=${head.number} hash=${head.hash}`,
  ]
  return `${lines.join('\n')}\n`
}

const noAnchors =
  'Without anchors that were kept elsewhere, a chain that was made anew as a whole can not be told from this one.'
