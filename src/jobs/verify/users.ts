import type { Address, FindsBlobs, FindsDamage, FindsTags } from '../../metadata/metadata-store.ts'
import type { Digest } from '../../oci/digest.ts'

type Uses = Pick<FindsBlobs, 'listHolders'> & FindsDamage & FindsTags

/** Names that a finding shows: enough to know what to push again. */
const most = 10
/** An image, the index above it, and one more. */
const deepest = 3

/** Images of which a blob is a part, such as `team/app:1.0`; by digest where no tag leads to one. */
export async function usersOfBlob(metadata: Uses, digest: Digest): Promise<readonly string[]> {
  const names = new Set<string>()
  for (const repository of await metadata.listHolders({ digest, limit: most })) {
    for (const user of await metadata.listUsersOf({ repository, digest, limit: most })) {
      if (names.size >= most) break
      for (const name of await namesOf(metadata, { repository, digest: user })) names.add(name)
    }
  }
  return [...names].slice(0, most)
}

/** By which names a manifest is pulled: its tags, or those of the indexes that list it. */
export async function namesOf(metadata: Uses, address: Address, depth = 1): Promise<readonly string[]> {
  const { repository, digest } = address
  const tags = await metadata.listTagsOf({ ...address, limit: most })
  if (tags.length > 0) return tags.map(({ tag }) => `${repository}:${tag}`)
  const names = new Set<string>()
  const parents = depth < deepest ? await metadata.listUsersOf({ ...address, limit: most }) : []
  for (const parent of parents) {
    if (names.size >= most) break
    for (const name of await namesOf(metadata, { repository, digest: parent }, depth + 1)) names.add(name)
  }
  return names.size > 0 ? [...names].slice(0, most) : [`${repository}@${digest}`]
}
