import type { ListsContent } from '../metadata/metadata-store.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { Registry } from './registry.ts'

export interface PageOf<T> {
  readonly entries: readonly T[]
  /** Where the next page starts; undefined on the last. */
  readonly next: T | undefined
}

export interface PageQuery {
  /** Exclusive; need not exist. */
  readonly after: string
  readonly limit: number
}

/** Tags in bytewise order. @throws NAME_UNKNOWN */
export async function listTags(
  registry: Registry,
  { repository, after, limit }: PageQuery & { repository: RepositoryName },
): Promise<PageOf<Tag>> {
  const tags = await registry.metadata.listTags({ repository, after, limit: limit + 1 })
  if (tags.length === 0 && !(await registry.metadata.repositoryExists(repository))) {
    throw new RegistryError('NAME_UNKNOWN', 'there is no such repository', { detail: { name: repository } })
  }
  return page(tags, limit)
}

/** Repositories in bytewise order, of those that the caller may see. */
export async function listRepositories(
  visible: Pick<ListsContent, 'listRepositories'>,
  { after, limit }: PageQuery,
): Promise<PageOf<RepositoryName>> {
  return page(await visible.listRepositories({ after, limit: limit + 1 }), limit)
}

/** One more than `limit` was asked for, to see whether there is a next page. */
function page<T>(found: readonly T[], limit: number): PageOf<T> {
  const entries = found.slice(0, limit)
  return { entries, next: found.length > entries.length ? entries.at(-1) : undefined }
}
