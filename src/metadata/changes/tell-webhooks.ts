import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { Transaction } from '../engine.ts'
import type { EventTarget } from '../notifications-schema.ts'
import { statement } from '../statement.ts'
import type { Attribution } from './attribution.ts'
import type { ChangeEvent, EventAction } from './events.ts'
import { listeningAt, type Notice, originOf, queueNotices } from './queue-notices.ts'

/**
 * Puts what a change did in the queue of every webhook that wants to hear of it, in the change's own transaction. Where
 * none listens, that is one look at an index.
 */
export async function tellWebhooks(tx: Transaction, event: ChangeEvent, by: Attribution): Promise<void> {
  const { repository } = event
  if (repository === undefined || !concerning.has(event.action)) return
  const listening = await listeningAt(tx, repository)
  if (listening.length === 0) return
  const notices = await noticesOf(tx, { ...event, repository })
  await queueNotices(tx, { notices, repository, origin: originOf(by), listening })
}

/** Events that webhooks hear of. */
const concerning: ReadonlySet<EventAction> = new Set([
  'blob:push',
  'blob:mount',
  'blob:delete',
  'manifest:push',
  'manifest:delete',
  'tag:set',
  'tag:delete',
  'tag:retire',
  'repository:delete',
  'trash:restore',
])

/** What was done, in the order in which distribution tells it. */
async function noticesOf(
  tx: Transaction,
  event: ChangeEvent & { repository: RepositoryName },
): Promise<Notice[]> {
  const { action, repository, digest, detail = {} } = event
  const tags = (detail.tags ?? []) as readonly Tag[]
  switch (action) {
    case 'blob:push':
      return [{ action: 'push', target: blob(digest, detail.size) }]
    case 'blob:mount': {
      const size = (await tx.first(blobSize, { digest: digest ?? '' }))?.size
      return [{ action: 'mount', target: { ...blob(digest, size), from: String(detail.from) } }]
    }
    case 'blob:delete':
      return [{ action: 'delete', target: { kind: 'blob', digest: digest ?? '' } }]
    case 'manifest:push':
      return pushed({ digest: digest ?? '', mediaType: detail.mediaType, size: detail.size }, tags)
    case 'tag:set':
    case 'trash:restore': {
      const set: Notice[] = []
      for (const tag of tags) {
        const manifest = await tx.first(taggedManifest, { repository, tag })
        if (manifest) set.push(...pushed(manifest, [tag]))
      }
      return set
    }
    case 'tag:delete':
      return tags.map(deletedTag)
    case 'tag:retire': {
      const gone: Notice[] = []
      for (const tag of tags)
        if (!(await tx.first(taggedManifest, { repository, tag }))) gone.push(deletedTag(tag))
      return detail.manifest ? [deletedManifest(digest), ...gone] : gone
    }
    case 'manifest:delete':
      return [deletedManifest(digest), ...tags.map(deletedTag)]
    case 'repository:delete':
      return detail.more ? [] : [{ action: 'delete', target: { kind: 'repository' } }]
    default:
      return []
  }
}

function blob(digest: string | undefined, size: unknown): EventTarget {
  return {
    kind: 'blob',
    mediaType: 'application/octet-stream',
    digest: digest ?? '',
    size: Number(size ?? 0),
  }
}

function pushed(
  manifest: { digest: string; mediaType: unknown; size: unknown },
  tags: readonly Tag[],
): Notice[] {
  const target: EventTarget = {
    kind: 'manifest',
    mediaType: String(manifest.mediaType),
    digest: manifest.digest,
    size: Number(manifest.size),
  }
  if (tags.length === 0) return [{ action: 'push', target }]
  return tags.map((tag) => ({ action: 'push', target: { ...target, tag } }))
}

function deletedTag(tag: Tag): Notice {
  return { action: 'delete', target: { kind: 'tag', tag } }
}

function deletedManifest(digest: string | undefined): Notice {
  return { action: 'delete', target: { kind: 'manifest', digest: digest ?? '' } }
}

const blobSize = statement<{ digest: string }>()(({ db, arg }) =>
  db
    .selectFrom('blobs')
    .select('size')
    .where('digest', '=', arg('digest') as never),
)

const taggedManifest = statement<{ repository: RepositoryName; tag: Tag }>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .innerJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'tags.repository')
        .onRef('manifests.digest', '=', 'tags.digest'),
    )
    .select((eb) => [
      'manifests.digest',
      'manifests.media_type as mediaType',
      eb.fn<number>('length', ['manifests.bytes']).as('size'),
    ])
    .where('tags.repository', '=', arg('repository'))
    .where('tags.name', '=', arg('tag')),
)
