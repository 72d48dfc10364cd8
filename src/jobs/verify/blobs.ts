import type { KnownBlob } from '../../metadata/metadata-store.ts'
import { type Condition, type Fault, inspect } from '../inspect.ts'
import { StorageWitness } from '../storage-witness.ts'
import type { Findings } from './report.ts'
import { usersOfBlob } from './users.ts'
import type { Verification } from './verification.ts'

/** Large enough for a disk's full speed; two of them for each object that is being read. Bytes. */
const pieceSize = 1024 * 1024
/** Objects that are read at once: small ones cost mostly waiting. */
const together = 4
const blobsAtOnce = 500

export interface VerifiedBlobs {
  readonly blobs: number
  readonly bytes: number
  readonly storageAway: boolean
}

export async function verifyBlobs(job: Verification, findings: Findings): Promise<VerifiedBlobs> {
  const total = await totalBytes(job)
  const witness = new StorageWitness(job)
  const sum = { blobs: 0, bytes: 0, storageAway: false }
  const queue = knownBlobs(job)
  /** Of blobs that are being read. */
  let underWay = 0
  const tell = () => job.progress?.({ of: 'blobs', done: Math.min(sum.bytes + underWay, total), total })
  const work = async () => {
    for (let next = await queue.next(); !next.done; next = await queue.next()) {
      const blob = next.value
      let read = 0
      const count = (bytes: number) => {
        read += bytes
        underWay += bytes
        tell()
      }
      const condition = await inspect({ ...job, pieceSize, read: count }, blob)
      if (condition.state === 'sound') witness.saw(blob)
      underWay -= read
      sum.blobs += 1
      sum.bytes += blob.size
      tell()
      if (await record(job, { blob, condition, witness }, findings)) continue
      sum.storageAway = true
    }
  }
  await Promise.all(Array.from({ length: together }, work))
  return sum
}

interface Inspected {
  readonly blob: KnownBlob
  readonly condition: Condition
  readonly witness: StorageWitness
}

/** @returns false when the storage seems to be away, and nothing was quarantined on its word */
async function record(job: Verification, inspected: Inspected, findings: Findings): Promise<boolean> {
  const { blob, condition, witness } = inspected
  const { digest, objectKey } = blob
  switch (condition.state) {
    case 'sound':
      if (condition.doubt) findings.add({ kind: 'doubtful', digest, reason: condition.doubt })
      if (blob.damaged && job.quarantine && (await job.metadata.change('releaseBlob', { digest, objectKey })))
        findings.add({ kind: 'released', digest })
      return true
    case 'replaced':
    case 'stopped':
      return true
    default: {
      const away = condition.state !== 'damaged' && (await witness.look()) === 'away'
      const quarantined =
        blob.damaged ||
        (job.quarantine && !away && (await job.metadata.change('quarantineBlob', { digest, objectKey })))
      await report(job, { blob, condition, quarantined }, findings)
      return !away
    }
  }
}

async function report(
  job: Verification,
  found: { blob: KnownBlob; condition: { state: Fault; reason: string }; quarantined: boolean },
  findings: Findings,
): Promise<void> {
  const { blob, condition, quarantined } = found
  findings.add({
    kind: condition.state,
    digest: blob.digest,
    object: blob.objectKey,
    size: blob.size,
    reason: condition.reason,
    quarantined,
    usedBy: await usersOfBlob(job.metadata, blob.digest),
  })
}

async function totalBytes(job: Verification): Promise<number> {
  let bytes = 0
  if (job.repository !== undefined) {
    for await (const { size } of knownBlobs(job)) bytes += size
    return bytes
  }
  let after: string | undefined = ''
  while (after !== undefined) {
    const sum = await job.metadata.sumBlobs({ after, limit: 5000 })
    bytes += sum.bytes
    after = sum.last
  }
  return bytes
}

/** In digest order, page by page; what is pushed meanwhile was verified as it came. */
async function* knownBlobs({ metadata, repository }: Verification): AsyncGenerator<KnownBlob, undefined> {
  let after = ''
  for (;;) {
    const page =
      repository === undefined
        ? await metadata.listBlobs({ after, limit: blobsAtOnce })
        : await metadata.listLinkedBlobs({ repository, after, limit: blobsAtOnce })
    yield* page
    const last = page.at(-1)
    if (!last || page.length < blobsAtOnce) return
    after = last.digest
  }
}
