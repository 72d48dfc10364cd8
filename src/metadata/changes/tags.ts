import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { bringManifest } from './bring.ts'
import { type LinkAddress, review } from './links.ts'
import { lockTags } from './lock-tags.ts'
import type { Settled } from './settled.ts'
import { openTrash, trashTag } from './trash.ts'
import type { Counted } from './usage/ledger.ts'
import type { DefaultLimits } from './usage/limits.ts'

export interface TagAddress {
  repository: RepositoryName
  tag: Tag
}

/** Who moves tags, and which of this repository's can't be moved. */
export interface TagMove {
  caller: string
  /** Globs; a tag that matches one stays where it is once it is set. */
  immutable: readonly string[]
}

/**
 * Points the tag at a manifest of the repository and remembers the move.
 * @returns false where it pointed there before. @throws TAG_IMMUTABLE
 */
export async function setTag(tx: Transaction, move: LinkAddress & TagAddress & TagMove): Promise<boolean> {
  const fixed = isImmutable(move.tag, move.immutable)
  // Where two set a new tag at once, only the row that is there first tells.
  if (fixed && (await tx.run(insertTag, move)) > 0) {
    await remember(tx, move)
    return true
  }
  const before = await tx.first(tagDigest, move)
  if (before?.digest === move.digest) {
    // No move, but it was set: by its age it is as good as new.
    await tx.run(touchTag, move)
    return false
  }
  if (before && fixed) throw tagImmutable(move.tag, 'move')
  await tx.run(upsertTag, move)
  await remember(tx, move)
  if (before) await leave(tx, { repository: move.repository, digest: before.digest })
  return true
}

/**
 * After a lost COMMIT of a manifest with its tags: where each of them points at it, a second time moves nothing. Where
 * one does not, it never did, or somebody has moved it since.
 */
export async function setTagsStand(
  tx: Transaction,
  { tags, ...manifest }: LinkAddress & { tags: readonly Tag[] },
): Promise<Settled<never>> {
  for (const tag of tags) {
    const set = await tx.first(tagDigest, { repository: manifest.repository, tag })
    if (set?.digest !== manifest.digest) return { state: 'unknown' }
  }
  return { state: 'repeat' }
}

export interface PutTag extends LinkAddress, TagAddress, TagMove {
  grace: number
  quota?: DefaultLimits
}

/**
 * Points a tag at a manifest of the repository, or of its trash: from there it comes back.
 * @returns false where neither has it
 * @throws TAG_IMMUTABLE
 */
export async function putTag(tx: Counted, put: PutTag): Promise<boolean> {
  await lockTags(tx, { ...put, tags: [put.tag] })
  const missing = await bringManifest(tx, { ...put, from: put.repository })
  if (missing.includes(put.digest)) return false
  await setTag(tx, put)
  return true
}

export interface TagDeletion extends TagAddress, TagMove {
  /** A new name for the deletion, so that it can be taken back; null: for good. */
  trash: string | null
}

/** Deletes that tag alone. @returns false when there was none. @throws TAG_IMMUTABLE */
export async function deleteTag(tx: Transaction, args: TagDeletion): Promise<boolean> {
  await lockTags(tx, { repository: args.repository, digest: null, tags: [args.tag] })
  return dropTag(tx, args)
}

/** The same for a tag whose manifest the caller has locked. */
export async function dropTag(tx: Transaction, args: TagDeletion): Promise<boolean> {
  const before = await tx.first(removeTag, args)
  if (!before) return false
  if (isImmutable(args.tag, args.immutable)) throw tagImmutable(args.tag, 'delete')
  const { repository, tag, caller, trash } = args
  await remember(tx, { ...args, digest: null })
  if (trash !== null) {
    await openTrash(tx, { id: trash, repository, kind: 'tag', name: tag, caller })
    await trashTag(tx, { trash, repository, tag, digest: before.digest })
  }
  await leave(tx, { repository, digest: before.digest })
  return true
}

/** Deletes every tag that points at a manifest. @returns their names. @throws TAG_IMMUTABLE */
export async function deleteTagsOf(tx: Transaction, args: LinkAddress & TagMove): Promise<Tag[]> {
  const tags = (await tx.all(removeTagsOf, args)).map(({ name }) => name)
  for (const tag of tags) {
    if (isImmutable(tag, args.immutable)) throw tagImmutable(tag, 'delete')
    await remember(tx, { repository: args.repository, tag, digest: null, caller: args.caller })
  }
  return tags
}

export function isImmutable(tag: Tag, globs: readonly string[]): boolean {
  return globs.some((glob) => new Bun.Glob(glob).match(tag))
}

/** Clients print the message alone: it names the tag, and what to do. */
export function tagImmutable(tag: Tag, attempt: 'move' | 'delete'): RegistryError {
  const refusal = {
    move: "it can't be moved to another manifest; push under another tag",
    delete: "it can't be deleted, and neither can its manifest",
  }
  return new RegistryError(
    'TAG_IMMUTABLE',
    `the tag ${tag} is immutable here (setting tags.immutable): ${refusal[attempt]}`,
    { detail: { tag } },
  )
}

async function remember(
  tx: Transaction,
  move: TagAddress & { digest: Digest | null; caller: string },
): Promise<void> {
  await tx.run(insertHistory, move)
}

/** A tag does not point at the manifest any more. */
async function leave(tx: Transaction, manifest: LinkAddress): Promise<void> {
  await tx.run(markUntagged, manifest)
  await review(tx, { ...manifest, delay: 0 })
}

const tagDigest = statement<TagAddress>()(({ db, arg, dialect }) =>
  db
    .selectFrom('tags')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('name', '=', arg('tag'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const insertTag = statement<LinkAddress & TagAddress>()(({ db, arg, now }) =>
  db
    .insertInto('tags')
    .values({ repository: arg('repository'), name: arg('tag'), digest: arg('digest'), updated_at: now })
    .onConflict((conflict) => conflict.columns(['repository', 'name']).doNothing()),
)

const upsertTag = statement<LinkAddress & TagAddress>()(({ db, arg, now }) =>
  db
    .insertInto('tags')
    .values({ repository: arg('repository'), name: arg('tag'), digest: arg('digest'), updated_at: now })
    .onConflict((conflict) =>
      conflict.columns(['repository', 'name']).doUpdateSet({ digest: arg('digest'), updated_at: now }),
    ),
)

/** Moves in the same millisecond keep their order: the later one is dated a millisecond later. */
const insertHistory = statement<TagAddress & { digest: Digest | null; caller: string }>()(
  ({ db, arg, now }) =>
    db.insertInto('tag_history').values((eb) => ({
      repository: arg('repository'),
      tag: arg('tag'),
      digest: arg('digest'),
      at: eb
        .selectFrom('tag_history')
        .select((last) => last.fn.coalesce(last(last.fn.max('at'), '+', last.lit(1)), now).as('at'))
        .where('repository', '=', arg('repository'))
        .where('tag', '=', arg('tag'))
        .where('at', '>=', now)
        .where('at', '<', eb(now, '+', eb.lit(1000))),
      caller: arg('caller'),
    })),
)

const removeTag = statement<TagAddress>()(({ db, arg }) =>
  db
    .deleteFrom('tags')
    .where('repository', '=', arg('repository'))
    .where('name', '=', arg('tag'))
    .returning('digest'),
)

const removeTagsOf = statement<LinkAddress>()(({ db, arg }) =>
  db
    .deleteFrom('tags')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .returning('name'),
)

const markUntagged = statement<LinkAddress>()(({ db, arg, now }) =>
  db
    .updateTable('manifests')
    // Whoever had a tag follows no parent: from now on the rule for manifests without tags holds.
    .set({ untagged_at: now, orphaned_at: null })
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const touchTag = statement<TagAddress>()(({ db, arg, now }) =>
  db
    .updateTable('tags')
    .set({ updated_at: now })
    .where('repository', '=', arg('repository'))
    .where('name', '=', arg('tag')),
)
