import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { PageQuery } from './listings.ts'
import { instant } from './moment.ts'
import { requireWritable } from './read-only.ts'
import { immutableIn, type ManagedRegistry } from './registry.ts'
import { requireRepository } from './repositories.ts'
import { quotaOf } from './uploads/room.ts'

export interface TagAddress {
  readonly repository: RepositoryName
  readonly tag: Tag
}

/** Times are ISO 8601. */
export interface TagSummary {
  readonly tag: Tag
  readonly digest: Digest
  readonly mediaType: string
  /** Config and layers together; 0 for an index. Bytes. */
  readonly size: number
  /** When it was pointed at this manifest. */
  readonly updatedAt: string
  /** When the manifest was first pushed. */
  readonly pushedAt: string
}

export interface TagsPage {
  readonly tags: readonly TagSummary[]
  /** Where the next page starts; null on the last. */
  readonly next: Tag | null
}

/** @throws NAME_UNKNOWN */
export async function listTagSummaries(
  registry: ManagedRegistry,
  { repository, after, limit }: PageQuery & { repository: RepositoryName },
): Promise<TagsPage> {
  const found = await registry.metadata.listTaggedManifests({ repository, after, limit: limit + 1 })
  if (found.length === 0) await requireRepository(registry, repository)
  const tags = found.slice(0, limit).map(({ contentSize, ...tag }) => ({
    tag: tag.tag,
    digest: tag.digest,
    mediaType: tag.mediaType,
    size: contentSize,
    updatedAt: instant(tag.updatedAt),
    pushedAt: instant(tag.pushedAt),
  }))
  return { tags, next: found.length > limit ? (tags.at(-1)?.tag ?? null) : null }
}

export interface TagMove {
  /** Null: the tag was deleted. */
  readonly digest: Digest | null
  /** ISO 8601. */
  readonly at: string
  readonly caller: string
}

export interface TagHistory extends TagAddress {
  /** The latest first. */
  readonly moves: readonly TagMove[]
}

/** @throws MANIFEST_UNKNOWN for a tag that never was */
export async function tagHistory(
  { metadata }: ManagedRegistry,
  { repository, tag, limit }: TagAddress & { limit: number },
): Promise<TagHistory> {
  const moves = await metadata.listTagMoves({ repository, tag, limit })
  if (moves.length === 0) throw neverWas({ repository, tag })
  return {
    repository,
    tag,
    moves: moves.map(({ digest, at, caller }) => ({ digest, at: instant(at), caller })),
  }
}

export interface ResolvedTag extends TagAddress {
  readonly digest: Digest
  /** Whether it can still be pulled: from the repository, only after it came back from the trash, or not any more. */
  readonly manifest: 'there' | 'trash' | 'gone'
}

/**
 * What a tag points at, or pointed at then.
 * @param query.at milliseconds since 1970; undefined: now
 * @throws MANIFEST_UNKNOWN
 */
export async function resolveTag(
  registry: ManagedRegistry,
  { repository, tag, at }: TagAddress & { at: number | undefined },
): Promise<ResolvedTag> {
  const { metadata } = registry
  const address = { repository, tag }
  const digest = await digestAt(registry, { ...address, at })
  if (await metadata.findManifest({ repository, digest })) return { ...address, digest, manifest: 'there' }
  const trash = await metadata.findTrashWith({ repository, digest })
  return { ...address, digest, manifest: trash === undefined ? 'gone' : 'trash' }
}

async function digestAt(
  { metadata, now }: ManagedRegistry,
  { at, ...address }: TagAddress & { at: number | undefined },
): Promise<Digest> {
  const present = at === undefined ? await metadata.findTagged(address) : undefined
  if (present) return present.digest
  const digest = await metadata.findTagAt({ ...address, at: at ?? now() })
  if (digest) return digest
  const name = `${address.repository}:${address.tag}`
  if (digest === null)
    throw unknown(`the tag ${name} was deleted ${at === undefined ? 'since' : 'by then'}`, address)
  const [first] = (await metadata.listTagMoves({ ...address, limit: mostMoves })).slice(-1)
  throw first
    ? unknown(`the tag ${name} was not there yet: it was first set at ${instant(first.at)}`, address)
    : neverWas(address)
}

/** Moves that are looked through for the one before. */
const mostMoves = 1000

export interface TagRestoration extends TagAddress {
  /** A manifest that it pointed at before, or what it pointed at then; undefined: what it pointed at before this. */
  readonly to: { readonly digest: Digest } | { readonly at: number } | undefined
  readonly caller: string
}

export interface RestoredTag extends TagAddress {
  readonly digest: Digest
  /** What it pointed at until now; null: nothing. */
  readonly before: Digest | null
}

/**
 * Puts a tag back to a manifest that it pointed at before; where that lies in the trash, it comes back.
 * @throws MANIFEST_UNKNOWN, TAG_IMMUTABLE, READ_ONLY
 */
export async function restoreTag(
  registry: ManagedRegistry,
  { repository, tag, to, caller }: TagRestoration,
): Promise<RestoredTag> {
  await requireWritable(registry)
  const address = { repository, tag }
  const { metadata, rules } = registry
  const before = (await metadata.findTagged(address))?.digest ?? null
  const digest = await targetOf(registry, { ...address, to, before })
  const immutable = immutableIn(rules, repository)
  const { grace } = rules
  const moved = { ...address, digest, caller, immutable, grace, ...quotaOf(rules) }
  const put = await metadata.change('putTag', moved)
  if (!put)
    throw unknown(`the manifest is gone for good, and the trash does not have it: ${digest}`, {
      ...address,
      digest,
    })
  return { ...address, digest, before }
}

async function targetOf(
  registry: ManagedRegistry,
  { to, before, ...address }: TagAddress & { to: TagRestoration['to']; before: Digest | null },
): Promise<Digest> {
  const { metadata } = registry
  if (to && 'at' in to) return digestAt(registry, { ...address, at: to.at })
  if (to) {
    if (await metadata.pointedAt({ ...address, digest: to.digest })) return to.digest
    throw unknown(`the tag never pointed at ${to.digest}; its history shows what it pointed at`, address)
  }
  const moves = await metadata.listTagMoves({ ...address, limit: mostMoves })
  if (moves.length === 0) throw neverWas(address)
  const earlier = moves.find(({ digest }) => digest !== null && digest !== before)?.digest
  if (earlier) return earlier
  throw unknown('the tag never pointed at anything else', address)
}

function neverWas(address: TagAddress): RegistryError {
  return unknown(`there never was a tag ${address.repository}:${address.tag}`, address)
}

function unknown(message: string, detail: object): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', message, { detail })
}
