import type { Lying } from '../../blobs/blob-store.ts'
import type { Findings, UnknownFinding } from './report.ts'
import type { Verification } from './verification.ts'

/** Looks everything that lies in the storage up in the metadata. @returns how many there are */
export async function findUnknown(job: Verification, findings: Findings): Promise<number> {
  let count = 0
  for await (const page of job.blobs.listStorage()) {
    const keys = page.flatMap(({ key }) => key ?? [])
    const ofBlobs = await job.metadata.objectsOfBlobs(keys)
    for (const lying of page) {
      if (lying.key !== undefined && ofBlobs.has(lying.key)) continue
      const unknown = await describeUnknown(job, lying)
      if (unknown) findings.add(unknown)
    }
    count += page.length
    job.progress?.({ of: 'storage', done: count })
  }
  return count
}

/** Undefined when it is known, or gone. */
async function describeUnknown(job: Verification, lying: Lying): Promise<UnknownFinding | undefined> {
  const { name, key, upload } = lying
  const { metadata, blobs, removeUnknown } = job
  if (await isKnown(job, lying)) return undefined
  const facts = await blobs.describe(name)
  if (!facts) return undefined
  // Its row commits before an object is made, and goes after it: what is known now was only being moved on.
  if (await isKnown(job, lying)) return undefined
  const age = Math.max((await metadata.clock()) - facts.since, 0)
  const unknown = { kind: 'unknown', name, size: facts.size, age: Math.round(age) } as const
  if (key === undefined) return { ...unknown, fate: 'foreign' }
  if (removeUnknown === undefined) return { ...unknown, fate: 'kept' }
  if (age < removeUnknown) return { ...unknown, fate: 'too-young' }
  const doomed = await metadata.change('doomUnknown', {
    objectKey: key,
    size: facts.size,
    ...(upload !== undefined && { upload }),
  })
  return doomed ? { ...unknown, fate: 'to-be-removed' } : undefined
}

/** An upload that is open knows its parts by its own key alone. */
async function isKnown({ metadata }: Verification, { key, upload }: Lying): Promise<boolean> {
  if (upload !== undefined && (await metadata.findObject(upload))) return true
  return key !== undefined && (await metadata.findObject(key)) !== undefined
}
