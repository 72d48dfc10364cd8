import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import { type LinkAddress, review } from './links.ts'

interface TagAddress {
  repository: RepositoryName
  tag: Tag
}

/** Who moves a tag, and how long (milliseconds) what it leaves stays unreviewed. */
interface TagMove {
  caller: string
  grace: number
}

/** Points the tag at a manifest of the repository and remembers the move. */
export async function setTag(tx: Transaction, move: LinkAddress & TagAddress & TagMove): Promise<void> {
  const before = await tx.first(tagDigest, move)
  if (before?.digest === move.digest) return
  await tx.run(upsertTag, move)
  await tx.run(insertHistory, move)
  if (before) await review(tx, { repository: move.repository, digest: before.digest, delay: move.grace })
}

/** Deletes that tag alone. @returns false when there was none */
export async function deleteTag(tx: Transaction, args: TagAddress & TagMove): Promise<boolean> {
  const before = await tx.first(removeTag, args)
  if (!before) return false
  await tx.run(insertHistory, { ...args, digest: null })
  await review(tx, { repository: args.repository, digest: before.digest, delay: args.grace })
  return true
}

/** Deletes every tag that points at a manifest. */
export async function deleteTagsOf(tx: Transaction, args: LinkAddress & TagMove): Promise<void> {
  for (const { name } of await tx.all(removeTagsOf, args)) {
    await tx.run(insertHistory, { repository: args.repository, tag: name, digest: null, caller: args.caller })
  }
}

const tagDigest = statement<TagAddress>()(({ db, arg, dialect }) =>
  db
    .selectFrom('tags')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('name', '=', arg('tag'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const upsertTag = statement<LinkAddress & TagAddress>()(({ db, arg, now }) =>
  db
    .insertInto('tags')
    .values({ repository: arg('repository'), name: arg('tag'), digest: arg('digest'), updated_at: now })
    .onConflict((conflict) =>
      conflict.columns(['repository', 'name']).doUpdateSet({ digest: arg('digest'), updated_at: now }),
    ),
)

const insertHistory = statement<TagAddress & { digest: Digest | null; caller: string }>()(
  ({ db, arg, now }) =>
    db.insertInto('tag_history').values({
      repository: arg('repository'),
      tag: arg('tag'),
      digest: arg('digest'),
      at: now,
      caller: arg('caller'),
    }),
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
