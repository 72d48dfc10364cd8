import { type Digest, parseDigest } from './digest.ts'
import { parseTag, type Tag } from './tag.ts'

/** What a manifest is asked for by. */
export type Reference = { by: 'digest'; digest: Digest } | { by: 'tag'; tag: Tag }

/** @throws DIGEST_INVALID for a text with a colon that is no digest, TAG_INVALID for any other that is no tag. */
export function parseReference(text: string): Reference {
  return text.includes(':') ? { by: 'digest', digest: parseDigest(text) } : { by: 'tag', tag: parseTag(text) }
}
