import { describe } from 'bun:test'
import { requireS3, testBucket } from '../../../test/support/s3.ts'
import { blobStoreContract } from '../blob-store.contract.ts'
import { S3BlobStore } from './s3-blob-store.ts'

describe.skipIf(!requireS3('the contract of blob stores'))('on a server that speaks S3', () => {
  blobStoreContract('s3', async () => {
    const options = await testBucket()
    return { store: new S3BlobStore(options), reopen: async () => new S3BlobStore(options) }
  })
})
