import type { ListsTagAges, TagAge } from '../../metadata/metadata-store.ts'
import { type Digest, isDigest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { AgedTag } from './judge.ts'

/**
 * Signatures and other companions of an image may be tagged with its digest, `sha256-<hex>` with or without an ending.
 * They stay as long as the image is there, or a rule that keeps ten tags would keep five images with their signatures.
 */
export async function withAttachments<T extends TagAge>(
  metadata: ListsTagAges,
  { repository, tags }: { repository: RepositoryName; tags: readonly T[] },
): Promise<(T & AgedTag)[]> {
  const named = [...new Set(tags.flatMap(({ tag }) => namedDigest(tag) ?? []))]
  if (named.length === 0) return [...tags]
  const present = new Set(await metadata.listPresent({ repository, digests: named }))
  return tags.map((aged) => {
    const attachedTo = namedDigest(aged.tag)
    return attachedTo && present.has(attachedTo) ? { ...aged, attachedTo } : aged
  })
}

/** `sha256-<hex>.sig` → `sha256:<hex>` */
export function namedDigest(tag: Tag): Digest | undefined {
  const match = /^(sha256|sha512)-([0-9a-f]{64,128})(?:\.[a-zA-Z0-9._-]+)?$/.exec(tag)
  const digest = `${match?.[1]}:${match?.[2]}`
  return isDigest(digest) ? digest : undefined
}
