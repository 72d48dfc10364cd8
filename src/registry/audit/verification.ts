import type { Attribution } from '../../metadata/changes/attribution.ts'
import type {
  AuditAnchor,
  AuditVerification,
  ChangesMetadata,
  ReadsAudit,
} from '../../metadata/metadata-store.ts'

const action = 'audit:verify'

/** Verifies the audit log, and records in it that it was, by whom, and what was found. */
export async function verifyAuditLog(
  metadata: ReadsAudit & ChangesMetadata,
  { anchors, by }: { anchors: readonly AuditAnchor[]; by: Attribution },
): Promise<AuditVerification> {
  const verification = await metadata.verifyAudit({ anchors })
  const { head, events, findings } = verification
  const entry = {
    who: by.caller,
    kind: by.kind,
    account: by.account,
    token: by.accessToken,
    address: by.address,
    request: by.request,
    action,
    repository: null,
    digest: null,
    subject: null,
    detail: JSON.stringify({ batch: head.number, events, findings: findings.length }),
    outcome: findings.length === 0 ? ('done' as const) : ('failed' as const),
    age: 0,
    firstAge: null,
    count: 1,
  }
  await metadata.change('recordAudit', { entries: [entry] })
  return verification
}

/** @returns undefined: it was never verified, or too long ago to be on record */
export async function lastVerification(
  metadata: ReadsAudit,
): Promise<{ at: number; findings: number } | undefined> {
  const [last] = await metadata.listAudit({
    key: { by: 'action', value: action },
    order: 'newest',
    behind: { at: Number.MAX_SAFE_INTEGER, writer: '', sequence: 0 },
    end: 0,
    limit: 1,
  })
  if (!last?.detail) return undefined
  const { findings } = JSON.parse(last.detail) as { findings: number }
  return { at: last.at, findings }
}
