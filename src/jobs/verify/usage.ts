import type { Findings } from './report.ts'
import type { Verification } from './verification.ts'

/** Compares what namespaces are said to hold with what they hold, and counts anew where that differs. */
export async function verifyUsage(job: Verification, findings: Findings): Promise<void> {
  const miscounted = await job.metadata.listMiscounted()
  if (miscounted.length === 0) return
  if (job.quarantine) await job.metadata.change('recount', {})
  for (const namespace of miscounted)
    findings.add({ kind: 'miscounted', namespace, recounted: job.quarantine })
}
