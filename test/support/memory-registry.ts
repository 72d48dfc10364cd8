import { join } from 'node:path'
import { MemoryBlobStore } from '../../src/blobs/memory/memory-blob-store.ts'
import { app, newId } from '../../src/metadata/contract/fixtures.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { openSqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { temporaryDirectory } from './berth.ts'

/** Blobs in memory and their metadata, without a server. */
export interface MemoryRegistry {
  readonly blobs: MemoryBlobStore
  readonly metadata: MetadataStore
  /** The file of the metadata. */
  readonly database: string
  /** Stores a blob as an upload does. */
  store(
    content: string,
    repository?: typeof app,
  ): Promise<{ digest: Digest; objectKey: string; size: number }>
  /** Puts other bytes where an object lies, or makes one that nobody knows. */
  overwrite(objectKey: string, content: string): Promise<void>
}

export async function memoryRegistry(): Promise<MemoryRegistry> {
  const blobs = new MemoryBlobStore()
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const metadata = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  const overwrite = async (objectKey: string, content: string) => {
    const writer = await blobs.create(objectKey)
    await writer.write(Buffer.from(content))
    await writer.keep()
  }
  return {
    blobs,
    metadata,
    database: path,
    overwrite,
    async store(content, repository = app) {
      const id = newId()
      const bytes = Buffer.from(content)
      const digest = digestOf(bytes)
      const objectKey = blobs.committedKey(id, digest)
      await overwrite(objectKey, content)
      await metadata.change('openUpload', {
        id,
        repository,
        objectKey: blobs.uploadKey(id),
        emptyDigest: digestOf(new Uint8Array()),
        writer: 'w',
        targetKey: objectKey,
      })
      const size = bytes.length
      const grace = 3_600_000
      await metadata.change('commitUpload', { id, writer: 'w', repository, digest, objectKey, size, grace })
      return { digest, objectKey, size }
    },
  }
}
