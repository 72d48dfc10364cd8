import type { TrashEntry } from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { requireDeletion } from './blobs.ts'
import type { PageQuery } from './listings.ts'
import { instant } from './moment.ts'
import { requireWritable } from './read-only.ts'
import { immutableIn, type ManagedRegistry } from './registry.ts'
import { quotaOf } from './uploads/room.ts'

/** Manifests or tags that one transaction brings back. */
const restoredTogether = 20
/** Rows of the trash that one transaction forgets. */
const forgottenTogether = 100
const listedTogether = 100

/** Times are ISO 8601. */
export interface TrashItem {
  readonly id: string
  readonly repository: RepositoryName
  readonly kind: 'tag' | 'manifest' | 'repository'
  /** The tag or the manifest's digest; empty for a repository. */
  readonly name: string
  /** What a deleted tag pointed at. */
  readonly digest: Digest | null
  readonly deletedAt: string
  /** Until when it can be taken back, as the settings are now. */
  readonly expiresAt: string
  readonly caller: string
  readonly manifests: number
  /** The first thousand. */
  readonly tags: readonly Tag[]
  readonly tagCount: number
  /** A restore that was interrupted has brought a part of it there: the next one goes on. */
  readonly restoringTo: RepositoryName | null
}

export interface TrashPage {
  readonly trash: readonly TrashItem[]
  /** Where the next page starts; null on the last. */
  readonly next: string | null
}

/** What can be taken back, the oldest deletion first. */
export async function listTrash(
  registry: ManagedRegistry,
  { repository, after, limit }: PageQuery & { repository: RepositoryName | undefined },
): Promise<TrashPage> {
  const found = await registry.metadata.listTrash({
    ...(repository ? { repository } : {}),
    after,
    limit: limit + 1,
  })
  const trash = found.slice(0, limit).map((entry) => itemOf(registry, entry))
  return { trash, next: found.length > limit ? (trash.at(-1)?.id ?? null) : null }
}

function itemOf(
  { rules }: ManagedRegistry,
  { digest, restoringTo, deletedAt, ...entry }: TrashEntry,
): TrashItem {
  return {
    ...entry,
    digest: digest ?? null,
    deletedAt: instant(deletedAt),
    expiresAt: instant(deletedAt + rules.trashRetention),
    restoringTo: restoringTo ?? null,
  }
}

export interface Restoration {
  readonly id: string
  /** Undefined: where it was. */
  readonly repository: RepositoryName | undefined
  /** The one tag to give what comes back; undefined: the tags that it had. */
  readonly tag: Tag | undefined
  readonly caller: string
}

export interface Restored {
  readonly id: string
  readonly repository: RepositoryName
  readonly manifests: number
  readonly tags: number
  /** Tags that were set to something else while their repository was being restored: they stay as they are. */
  readonly skipped: readonly Tag[]
  /** Manifests that a restored index lists, and that are gone for good. */
  readonly missing: readonly Digest[]
}

/**
 * Takes a deletion back, slice by slice; one that was interrupted goes on.
 * @throws TRASH_UNKNOWN, TAG_TAKEN, REPOSITORY_TAKEN, MANIFEST_UNKNOWN, READ_ONLY, QUOTA_EXCEEDED
 */
export async function restoreTrash(
  registry: ManagedRegistry,
  { id, repository = undefined, tag, caller }: Restoration,
): Promise<Restored> {
  await requireWritable(registry)
  const entry = await requireTrash(registry, id)
  const target = repository ?? entry.restoringTo ?? entry.repository
  const { metadata, rules } = registry
  const restored = { manifests: 0, tags: 0, skipped: [] as Tag[], missing: [] as Digest[] }
  for (;;) {
    const slice = await metadata.change('restoreTrash', {
      id,
      repository: repository ?? null,
      tag: tag ?? null,
      caller,
      immutable: immutableIn(rules, target),
      grace: rules.grace,
      limit: restoredTogether,
      ...quotaOf(rules),
    })
    restored.manifests += slice.manifests
    restored.tags += slice.tags.length
    restored.skipped.push(...slice.skipped)
    restored.missing.push(...slice.missing)
    if (!slice.more) return { id, repository: slice.repository, ...restored }
  }
}

/** Forgets one deletion for good. @throws TRASH_UNKNOWN, DELETE_DISABLED, READ_ONLY */
export async function emptyTrash(
  registry: ManagedRegistry,
  { id }: { id: string },
): Promise<{ emptied: number }> {
  await requireWritable(registry)
  requireDeletion(registry)
  await requireTrash(registry, id)
  await forget(registry, id)
  return { emptied: 1 }
}

/** Forgets every deletion for good; of one repository, or of all. @throws DELETE_DISABLED, READ_ONLY */
export async function emptyAllTrash(
  registry: ManagedRegistry,
  { repository }: { repository: RepositoryName | undefined },
): Promise<{ emptied: number }> {
  await requireWritable(registry)
  requireDeletion(registry)
  for (let emptied = 0; ; ) {
    const page = await registry.metadata.listTrash({
      ...(repository ? { repository } : {}),
      limit: listedTogether,
    })
    if (page.length === 0) return { emptied }
    for (const { id } of page) await forget(registry, id)
    emptied += page.length
  }
}

/** The repository that a deletion was in; undefined where there is no such deletion. */
export async function trashedIn(
  { metadata }: Pick<ManagedRegistry, 'metadata'>,
  id: string,
): Promise<RepositoryName | undefined> {
  return (await metadata.findTrash(id))?.repository
}

async function requireTrash({ metadata }: ManagedRegistry, id: string): Promise<TrashEntry> {
  const entry = await metadata.findTrash(id)
  if (entry) return entry
  throw new RegistryError(
    'TRASH_UNKNOWN',
    'nothing of this id is in the trash: it was restored, emptied, or never there; `berth trash list` shows what is',
    { detail: { id: id.slice(0, 200) } },
  )
}

async function forget({ metadata }: ManagedRegistry, id: string): Promise<void> {
  while (await metadata.change('emptyTrash', { id, limit: forgottenTogether }));
}
