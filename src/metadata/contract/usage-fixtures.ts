import type { RepositoryName } from '../../oci/repository-name.ts'
import type { MetadataStore, StoredUsage } from '../metadata-store.ts'
import { app, manifest, refersTo, storeBlob, tag } from './fixtures.ts'

export const foreign = 'others/app' as RepositoryName
export const plain = 'plain' as RepositoryName

export async function usage(store: MetadataStore, namespace = 'team'): Promise<Partial<StoredUsage>> {
  const { bytes, reserved, repositories, trash } = await store.findUsage({ namespace })
  return { bytes, reserved, repositories, trash }
}

/** An image of one layer of 100 bytes. */
export async function push(store: MetadataStore, content: string, repository = app) {
  const layer = await storeBlob(store, { repository, content: `layer of ${content}` })
  const image = manifest(content, { repository, references: [refersTo(layer.digest)], tags: [tag('latest')] })
  await store.change('putManifest', image)
  return { layer: layer.digest, digest: image.digest, size: image.bytes.length + 100 }
}
