import type { ListsContent, RepositorySlice, SliceSum, Visibility } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { requireDeletion } from './blobs.ts'
import { listRepositories, type PageQuery } from './listings.ts'
import { instant } from './moment.ts'
import { requireWritable } from './read-only.ts'
import { immutableIn, type ManagedRegistry } from './registry.ts'

/** What one look at the tables sums; between two of them others have their turn. */
const sliceSize = 1000
/** Manifests that one transaction deletes: a millisecond each, in which pushes wait. */
const deletedTogether = 20

export interface RepositorySummary {
  readonly name: RepositoryName
  readonly tags: number
  readonly manifests: number
  /** Blobs of the repository, each once, and their bytes: others may share them. */
  readonly blobs: number
  readonly bytes: number
  /** ISO 8601. */
  readonly lastPush: string | null
  /** Whether everybody may read it; an open registry does not ask. */
  readonly visibility: Visibility
}

export interface RepositoriesPage {
  readonly repositories: readonly RepositorySummary[]
  /** Where the next page starts; null on the last. */
  readonly next: RepositoryName | null
}

/** @param visible lists the repositories that the caller may see */
export async function listRepositorySummaries(
  registry: ManagedRegistry,
  query: PageQuery,
  visible: Pick<ListsContent, 'listRepositories'> = registry.metadata,
): Promise<RepositoriesPage> {
  const { entries, next = null } = await listRepositories(visible, query)
  const repositories: RepositorySummary[] = []
  for (const name of entries) repositories.push(await summaryOf(registry, name))
  return { repositories, next }
}

/** @throws NAME_UNKNOWN */
export async function showRepository(
  registry: ManagedRegistry,
  { repository }: { repository: RepositoryName },
): Promise<RepositorySummary> {
  await requireRepository(registry, repository)
  return summaryOf(registry, repository)
}

/** @throws NAME_UNKNOWN */
export async function requireRepository(
  { metadata }: Pick<ManagedRegistry, 'metadata'>,
  repository: RepositoryName,
): Promise<void> {
  if (await metadata.repositoryExists(repository)) return
  throw new RegistryError('NAME_UNKNOWN', `there is no repository ${repository}`, {
    detail: { name: repository },
  })
}

async function summaryOf({ metadata }: ManagedRegistry, name: RepositoryName): Promise<RepositorySummary> {
  const sum = { name, tags: 0, manifests: 0, blobs: 0, bytes: 0, lastPush: 0 }
  await eachSlice(name, async (slice) => {
    const tags = await metadata.countTags(slice)
    sum.tags += tags.count
    return tags
  })
  await eachSlice(name, async (slice) => {
    const manifests = await metadata.sumManifests(slice)
    sum.manifests += manifests.count
    sum.lastPush = Math.max(sum.lastPush, manifests.lastPush ?? 0)
    return manifests
  })
  await eachSlice(name, async (slice) => {
    const links = await metadata.sumLinks(slice)
    sum.blobs += links.count
    sum.bytes += links.bytes
    return links
  })
  const visibility = (await metadata.findVisibility(name)) ?? 'private'
  return { ...sum, lastPush: sum.lastPush === 0 ? null : instant(sum.lastPush), visibility }
}

async function eachSlice(
  repository: RepositoryName,
  add: (slice: RepositorySlice) => Promise<SliceSum>,
): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    after = (await add({ repository, after, limit: sliceSize })).last
    if (after !== undefined) await new Promise((resolve) => setImmediate(resolve))
  }
}

export interface RepositoryDeletion {
  readonly repository: RepositoryName
  readonly caller: string
  /** For good, past the trash. */
  readonly purge: boolean
}

export interface DeletedRepository {
  readonly repository: RepositoryName
  readonly manifests: number
  readonly tags: number
  /** What it can be taken back by; null: it is gone for good. */
  readonly trash: string | null
}

/**
 * Deletes a repository with everything in it, slice by slice, as one deletion that can be taken back.
 * @throws NAME_UNKNOWN, DELETE_DISABLED, READ_ONLY; TAG_IMMUTABLE before anything is deleted
 */
export async function deleteRepository(
  registry: ManagedRegistry,
  { repository, caller, purge }: RepositoryDeletion,
): Promise<DeletedRepository> {
  await requireWritable(registry)
  requireDeletion(registry)
  await requireRepository(registry, repository)
  const immutable = immutableIn(registry.rules, repository)
  await requireMovableTags(registry, repository, immutable)
  const trash = trashIdFor(registry, purge)
  const deleted = { repository, manifests: 0, tags: 0, trash }
  const args = { repository, caller, immutable, trash, limit: deletedTogether }
  for (;;) {
    const slice = await registry.metadata.change('deleteRepository', args).catch((error: unknown) => {
      throw deleted.manifests > 0 ? interrupted(error, trash) : error
    })
    deleted.manifests += slice.manifests
    deleted.tags += slice.tags
    if (!slice.more) return deleted
  }
}

/** A new name for a deletion; null where it is for good. */
export function trashIdFor(
  registry: Pick<ManagedRegistry, 'rules' | 'newTrashId'>,
  purge: boolean,
): string | null {
  return registry.rules.trashRetention > 0 && !purge ? registry.newTrashId() : null
}

/** Each slice asks again: but to refuse the third helps nobody whose first two are gone. */
async function requireMovableTags(
  { metadata }: ManagedRegistry,
  repository: RepositoryName,
  immutable: readonly string[],
): Promise<void> {
  if (immutable.length === 0) return
  const globs = immutable.map((glob) => new Bun.Glob(glob))
  for (let after = ''; ; ) {
    const tags = await metadata.listTags({ repository, after, limit: sliceSize })
    const fixed = tags.find((tag) => globs.some((glob) => glob.match(tag)))
    if (fixed) {
      throw new RegistryError(
        'TAG_IMMUTABLE',
        `the repository has the tag ${fixed}, which is immutable here (setting tags.immutable): nothing was deleted`,
        { detail: { repository, tag: fixed } },
      )
    }
    if (tags.length < sliceSize) return
    after = tags.at(-1) ?? ''
  }
}

function interrupted(error: unknown, trash: string | null): unknown {
  if (!(error instanceof RegistryError) || trash === null) return error
  return new RegistryError(
    error.code,
    `${error.message}; a part of the repository is in the trash by now: \`berth trash restore ${trash}\` brings it back`,
    { detail: { ...(error.detail as object | undefined), trash }, cause: error.cause },
  )
}
