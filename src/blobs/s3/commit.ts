import type { Committed, ObjectKey } from '../blob-store.ts'
import type { S3Multiparts } from './multiparts.ts'
import type { S3Objects } from './objects.ts'
import { S3Error, unlessMissing } from './s3-error.ts'
import type { UploadNotes } from './upload-notes.ts'

export interface CommitTools {
  readonly objects: S3Objects
  readonly multiparts: S3Multiparts
}

export interface Commit {
  /** What the parts become. */
  readonly key: ObjectKey
  readonly notes: UploadNotes
  withPrefix(key: ObjectKey): string
}

/** Makes one object of an upload's parts, without copying them. @returns undefined where they are gone */
export async function commitParts(tools: CommitTools, commit: Commit): Promise<Committed | undefined> {
  const { key, notes } = commit
  if (notes.multipart !== undefined) return completeParts(tools, commit, notes.multipart)
  if (notes.whole) return { key, sure: true, superseded: [] }
  // Nothing was ever enough for a part: what was kept beside them is the object.
  const { tail } = notes
  if (!tail) return undefined
  const found = await unlessMissing(() => tools.objects.head(commit.withPrefix(tail.key)))
  if (found?.size !== tail.size || found.etag !== tail.etag) return undefined
  return { key: tail.key, sure: true, superseded: [] }
}

async function completeParts(
  tools: CommitTools,
  commit: Commit,
  uploadId: string,
): Promise<Committed | undefined> {
  const { key, notes, withPrefix } = commit
  const address = { key: withPrefix(key), uploadId }
  const superseded = notes.tail ? [notes.tail.key] : []
  try {
    const parts = [...notes.parts]
    if (notes.tail) {
      const body = (await tools.objects.get(
        withPrefix(notes.tail.key),
        notes.tail.etag,
      )) as Uint8Array<ArrayBuffer>
      const etag = await tools.multiparts.putPart(address, parts.length + 1, { body })
      parts.push({ size: body.length, etag })
    }
    await tools.multiparts.complete(address, parts)
    return { key, sure: true, superseded }
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    // A part that somebody who lost the right to write sent after us.
    if (error.code === 'InvalidPart' || error.status === 412) return undefined
    if (!error.missing) throw error
    // Completed before, by us before a crash or by somebody who lost the right to write: which, only its bytes tell.
    const found = await unlessMissing(() => tools.objects.head(address.key))
    return found?.size === notes.size ? { key, sure: false, superseded } : undefined
  }
}
