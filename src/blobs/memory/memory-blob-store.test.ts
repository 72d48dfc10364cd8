import { blobStoreContract } from '../blob-store.contract.ts'
import { readsUploadsContract } from '../reads-uploads.contract.ts'
import { MemoryBlobStore } from './memory-blob-store.ts'

blobStoreContract('memory', async () => ({ store: new MemoryBlobStore() }))
readsUploadsContract('memory', async () => new MemoryBlobStore())
