import type { AdoptionRefused } from '../../blobs/blob-store.ts'
import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Registry } from '../registry.ts'
import { quotaOf } from '../uploads/room.ts'
import { requireRoom } from '../uploads/start.ts'
import { dropUpload } from '../uploads/status.ts'
import type { SourceFile } from './source.ts'

/**
 * Makes a file, whose bytes have this digest, the blob of it without copying: on the way of an upload that brings all
 * of its bytes. The row that names the object's key commits first, so that a crash leaves nothing that no table knows;
 * then file and directory are durable; then the blob and its link become visible.
 * @returns why the bytes must be copied; undefined: it is done
 */
export async function adoptBlob(
  registry: Registry,
  { repository, digest, file }: { repository: RepositoryName; digest: Digest; file: SourceFile },
): Promise<AdoptionRefused | 'unable' | undefined> {
  const { metadata, blobs, rules } = registry
  if (!blobs.adopt) return 'unable'
  await requireRoom(registry, 0)
  // A large file that was never synced takes its time: the upload's lease must not run out over it.
  await file.handle.sync()
  const id = registry.newId()
  const writer = registry.newId()
  const objectKey = blobs.committedKey(registry.newId(), digest)
  await metadata.change('openUpload', {
    id,
    repository,
    objectKey: blobs.uploadKey(id),
    emptyDigest: digestOf(new Uint8Array(), algorithmOf(digest)),
    writer,
    targetKey: objectKey,
    reserve: { bytes: file.size, digest },
    ...quotaOf(rules),
  })
  try {
    const refused = await blobs.adopt(file, objectKey)
    if (!refused) {
      const { grace } = rules
      const commit = { id, writer, repository, digest, objectKey, size: file.size, grace, ...quotaOf(rules) }
      await metadata.change('commitUpload', commit)
      return undefined
    }
    await dropUpload(registry, { id, repository })
    return refused
  } catch (error) {
    await dropUpload(registry, { id, repository }).catch(() => undefined)
    throw error
  }
}
