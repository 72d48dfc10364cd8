import { type Digest, digestOf } from '../../oci/digest.ts'
import type { ManifestReference } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { ManifestPut } from '../changes/manifests.ts'
import type { MetadataStore } from '../metadata-store.ts'

/** Opens an empty store. */
export type OpenStore = () => Promise<MetadataStore>

export const app = 'team/app' as RepositoryName
export const other = 'team/other' as RepositoryName
export const hour = 3_600_000

export function tag(name: string): Tag {
  return name as Tag
}

/** A digest that stands for some content. */
export function digestFor(content: string): Digest {
  return digestOf(new TextEncoder().encode(content))
}

let ids = 0

export function newId(): string {
  ids += 1
  return `upload-${ids}`
}

/** Stores a blob as an upload does: opened, leased, committed. */
export async function storeBlob(
  store: MetadataStore,
  { repository = app, content = 'layer', size = 100, grace = hour } = {},
): Promise<{ digest: Digest; objectKey: string }> {
  const id = newId()
  const digest = digestFor(content)
  const objectKey = `blobs/${id}`
  await store.change('openUpload', upload(id, { repository }))
  await store.change('leaseUpload', {
    id,
    repository,
    writer: 'w',
    target: { key: objectKey, prefix: 'blobs/' },
  })
  await store.change('commitUpload', { id, writer: 'w', repository, digest, objectKey, size, grace })
  return { digest, objectKey }
}

export function upload(id: string, { repository = app, writer = null as string | null } = {}) {
  return {
    id,
    repository,
    objectKey: `uploads/${id}`,
    emptyDigest: digestFor(''),
    writer,
    targetKey: null,
  }
}

/** A manifest to push: an image without references, unless told otherwise. */
export function manifest(content: string, changed: Partial<ManifestPut> = {}): ManifestPut {
  const bytes = new TextEncoder().encode(content)
  return {
    repository: app,
    digest: digestOf(bytes),
    kind: 'image',
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    bytes,
    subject: null,
    artifactType: null,
    contentSize: 0,
    references: [],
    tags: [],
    missing: 'index',
    caller: 'tester',
    immutable: [],
    grace: hour,
    ...changed,
  }
}

export function refersTo(digest: Digest, role: ManifestReference['role'] = 'layer'): ManifestReference {
  return { digest, role, foreign: false }
}

/** What the promise fails with. (`expect().rejects` holds the event loop that a thread's answer needs.) */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

/** For good, by nobody in particular. */
export const deletion = { caller: 'tester', immutable: [], trash: null }

export async function doomedKeys(
  store: MetadataStore,
  by: { age: number; limit: number },
): Promise<string[]> {
  return (await store.listDoomed(by)).map(({ objectKey }) => objectKey)
}
