import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import type { LinkAddress } from './links.ts'
import { removeManifest } from './manifests.ts'
import { userOf } from './references.ts'
import { dropTag, type TagMove } from './tags.ts'
import { openTrash } from './trash.ts'
import type { Counted } from './usage/ledger.ts'

export interface RetiredTag {
  tag: Tag
  /** As it was when somebody judged it: a tag that was set since then stays. */
  updatedAt: number
  /** A new name for its deletion, so that it can be taken back; null: for good. */
  trash: string | null
}

export interface Retirement extends LinkAddress, TagMove {
  /** Tags of the one manifest. */
  tags: readonly RetiredTag[]
}

export interface Retired {
  readonly tags: number
  /** Whether the manifest went with them: as one deletion, under the name of the first tag's. */
  readonly manifest: boolean
}

/**
 * Deletes tags of a manifest that are as they were judged. Where no other tag and no manifest of the repository holds
 * it, it goes with them.
 * @throws TAG_IMMUTABLE
 */
export async function retireTags(tx: Counted, args: Retirement): Promise<Retired> {
  const { repository, digest, caller, immutable } = args
  // Whoever sets a tag to it locks the manifest first, so that no tag is added from here on.
  const manifest = await tx.first(lockManifest, args)
  if (!manifest) return { tags: 0, manifest: false }
  const due: RetiredTag[] = []
  for (const tag of args.tags) if (await tx.first(unchangedTag, { repository, digest, ...tag })) due.push(tag)
  const [first] = due
  if (!first) return { tags: 0, manifest: false }
  const all = (await tx.first(tagCount, args))?.count
  if (all === due.length && !(await isHeld(tx, { repository, digest, subject: manifest.subject }))) {
    const { trash } = first
    if (trash !== null) await openTrash(tx, { id: trash, repository, kind: 'manifest', name: digest, caller })
    await removeManifest(tx, { repository, digest, caller, immutable, trash })
    return { tags: due.length, manifest: true }
  }
  for (const { tag, trash } of due) await dropTag(tx, { repository, tag, caller, immutable, trash })
  return { tags: due.length, manifest: false }
}

/** An index lists it, or it belongs to a manifest that is there, as a signature does. */
async function isHeld(tx: Transaction, manifest: LinkAddress & { subject: Digest | null }): Promise<boolean> {
  const { repository, subject } = manifest
  if (await userOf(tx, manifest)) return true
  return subject !== null && (await tx.first(anyManifest, { repository, digest: subject })) !== undefined
}

const lockManifest = statement<LinkAddress>()(({ db, arg, dialect }) =>
  db
    .selectFrom('manifests')
    .select('subject')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const unchangedTag = statement<LinkAddress & { tag: Tag; updatedAt: number }>()(({ db, arg, dialect }) =>
  db
    .selectFrom('tags')
    .select('name')
    .where('repository', '=', arg('repository'))
    .where('name', '=', arg('tag'))
    .where('digest', '=', arg('digest'))
    .where('updated_at', '=', arg('updatedAt'))
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

const tagCount = statement<LinkAddress>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const anyManifest = statement<{ repository: RepositoryName; digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)
