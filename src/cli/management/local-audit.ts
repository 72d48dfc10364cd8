import { attributionOf } from '../../access/attribution.ts'
import { operator } from '../../access/identity.ts'
import type { ManagesAudit } from '../../client/audit-management.ts'
import { listAudit, parseBoundary } from '../../registry/audit/list.ts'
import { verifyAuditLog } from '../../registry/audit/verification.ts'
import { reportOf } from '../../registry/audit/verification-report.ts'
import type { ManagedRegistry } from '../../registry/registry.ts'

/** The audit log of the stores themselves. */
export function localAudit({ metadata, now }: ManagedRegistry, caller: string): ManagesAudit {
  const boundary = (text: string | undefined) =>
    text === undefined ? undefined : parseBoundary(text, { now: now() })
  const by = attributionOf(operator(caller))
  return {
    listAudit: ({ since, until, ...page }) =>
      listAudit(metadata, { ...page, since: boundary(since), until: boundary(until) }),
    verifyAudit: async ({ anchors }) => reportOf(await verifyAuditLog(metadata, { anchors, by })),
    auditAnchor: async () => ({ anchor: (await metadata.auditHead()) ?? null }),
  }
}
