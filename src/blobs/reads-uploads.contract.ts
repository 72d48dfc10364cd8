import { expect, test } from 'bun:test'
import { digestOf } from '../oci/digest.ts'
import type { BlobStore, ReadsUploads } from './blob-store.ts'

/** Stores whose open uploads can be read do the same: run by each. */
export function readsUploadsContract(name: string, open: () => Promise<BlobStore & ReadsUploads>): void {
  test(`${name} gives uploads back that it was asked to hash again`, async () => {
    const store = await open()
    const content = new Uint8Array(3_000_000).map((_, index) => index % 251)
    const writer = await store.openUpload('hashed', 0, { writer: 'w', notes: null })
    await writer.write(content)
    await writer.keep()
    await writer.close()
    const hasher = new Bun.CryptoHasher('sha256')
    for await (const chunk of store.readUpload('hashed', 2_500_000)) hasher.update(chunk)
    expect(`sha256:${hasher.digest('hex')}`).toBe(digestOf(content.subarray(0, 2_500_000)))
    await expect(async () => {
      for await (const chunk of store.readUpload('hashed', content.length + 1)) hasher.update(chunk)
    }).toThrow()
  })
}
