import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { bringManifest } from './bring.ts'
import { setTag, type TagMove } from './tags.ts'
import type { Counted } from './usage/ledger.ts'

export interface TagRestoration extends TagMove {
  id: string
  repository: RepositoryName
  /** Where they were. */
  from: RepositoryName
  /** The one tag to give what comes back; null: the tags that it had. */
  tag: Tag | null
  grace: number
  limit: number
}

export interface RestoredTags {
  readonly tags: readonly Tag[]
  readonly skipped: readonly Tag[]
  readonly more: boolean
}

/** @throws TAG_TAKEN where one of the tags points at something else by now */
export async function requireFreeTags(tx: Transaction, args: TagRestoration): Promise<void> {
  if (args.tag === null) {
    const taken = await tx.first(anyTaken, args)
    if (taken) throw tagTaken({ ...args, ...taken })
    return
  }
  const wanted = await wantedTag(tx, args, args.tag)
  const now = await tx.first(tagDigest, { ...args, tag: args.tag })
  if (now && wanted && now.digest !== wanted.digest) throw tagTaken({ ...args, tag: args.tag, ...now })
}

/**
 * Sets the tags of a deletion again, a slice of them, or the one that the caller chose.
 * @param args.lenient whether a tag that was set to something else since is skipped
 * @throws TAG_TAKEN, MANIFEST_UNKNOWN
 */
export async function restoreTags(
  tx: Counted,
  args: TagRestoration & { lenient: boolean },
): Promise<RestoredTags> {
  const wanted = args.tag === null ? undefined : await wantedTag(tx, args, args.tag)
  const slice = args.tag === null ? await tx.all(trashedTags, args) : wanted ? [wanted] : []
  const tags: Tag[] = []
  const skipped: Tag[] = []
  for (const { tag, digest } of slice) {
    ;((await restoreTag(tx, { ...args, tag, digest })) ? tags : skipped).push(tag)
    await tx.run(forgetTag, { ...args, tag })
  }
  return { tags, skipped, more: args.tag === null && slice.length === args.limit }
}

async function restoreTag(
  tx: Counted,
  args: TagRestoration & { tag: Tag; digest: Digest; lenient: boolean },
): Promise<boolean> {
  const { repository, tag, digest, lenient } = args
  const now = await tx.first(tagDigest, { repository, tag })
  if (now && now.digest !== digest) {
    if (lenient) return false
    throw tagTaken({ repository, tag, digest: now.digest })
  }
  if ((await bringManifest(tx, args)).includes(digest)) {
    if (lenient) return false
    throw new RegistryError(
      'MANIFEST_UNKNOWN',
      `the manifest that the tag ${tag} pointed at is gone for good: ${digest}`,
      { detail: { tag, digest } },
    )
  }
  await setTag(tx, args)
  return true
}

/** Under a name of the caller's choice there is one tag, of the manifest that was deleted. */
async function wantedTag(
  tx: Transaction,
  args: { id: string },
  tag: Tag,
): Promise<{ tag: Tag; digest: Digest } | undefined> {
  const digest = (await tx.first(anyTrashedTag, args))?.digest ?? (await tx.first(deletedDigest, args))?.name
  return digest ? { tag, digest: digest as Digest } : undefined
}

function tagTaken({ repository, tag, digest }: { repository: RepositoryName; tag: Tag; digest: Digest }) {
  return new RegistryError(
    'TAG_TAKEN',
    `the tag ${tag} of ${repository} points at something else by now: name another tag to restore to`,
    { detail: { repository, tag, digest } },
  )
}

const tagDigest = statement<{ repository: RepositoryName; tag: Tag }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('tags')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('name', '=', arg('tag'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const anyTaken = statement<{ id: string; repository: RepositoryName }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_tags')
    .innerJoin('tags', 'tags.name', 'trashed_tags.tag')
    .select(['tags.name as tag', 'tags.digest'])
    .where('trashed_tags.trash', '=', arg('id'))
    .where('tags.repository', '=', arg('repository'))
    .whereRef('tags.digest', '!=', 'trashed_tags.digest')
    .limit(1),
)

const trashedTags = statement<{ id: string; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('trashed_tags')
    .select(['tag', 'digest'])
    .where('trash', '=', arg('id'))
    .orderBy('tag')
    .limit(arg('limit')),
)

const anyTrashedTag = statement<{ id: string }>()(({ db, arg }) =>
  db.selectFrom('trashed_tags').select('digest').where('trash', '=', arg('id')).limit(1),
)

const deletedDigest = statement<{ id: string }>()(({ db, arg }) =>
  db.selectFrom('trash').select('name').where('id', '=', arg('id')).where('kind', '=', 'manifest'),
)

const forgetTag = statement<{ id: string; tag: Tag }>()(({ db, arg }) =>
  db.deleteFrom('trashed_tags').where('trash', '=', arg('id')).where('tag', '=', arg('tag')),
)
