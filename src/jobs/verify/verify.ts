import { verifyBlobs } from './blobs.ts'
import { verifyManifests } from './manifests.ts'
import { Findings, type VerificationReport } from './report.ts'
import { findUnknown } from './unknown.ts'
import { verifyUsage } from './usage.ts'
import type { Verification } from './verification.ts'

/**
 * Reads every blob and manifest, compares them with their digests, and looks up in the metadata what lies in the
 * storage, and what namespaces are said to hold with what they hold. Everything beside a server: what is being pushed, deleted or removed meanwhile is no finding.
 */
export async function verify(job: Verification): Promise<VerificationReport> {
  const findings = new Findings()
  const { blobs, bytes, storageAway } = await verifyBlobs(job, findings)
  const manifests = await verifyManifests(job, findings)
  // What lies in the storage is of all repositories.
  const stored = job.repository === undefined ? await findUnknown(job, findings) : null
  if (job.repository === undefined) await verifyUsage(job, findings)
  return {
    checked: { blobs, bytes, manifests, stored },
    sound: findings.sound,
    counts: findings.counts,
    findings: findings.list,
    storageAway,
  }
}
