import type { ManifestLimits } from '../metadata/changes/manifest-limits.ts'
import type { StoredManifest } from '../metadata/metadata-store.ts'
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import { limitReached } from '../oci/limit-reached.ts'
import { type Manifest, parseManifest } from '../oci/manifest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { requireDeletion } from './blobs.ts'
import { needsConfirming, unlessUnwritable } from './confirm.ts'
import { requireWritable } from './read-only.ts'
import { type Call, immutableIn, type ManagedRegistry, type Registry } from './registry.ts'
import { trashIdFor } from './repositories.ts'
import { quotaOf } from './uploads/room.ts'
import { onceThereIsRoom } from './wait-for-room.ts'

/** @throws MANIFEST_UNKNOWN, MANIFEST_DAMAGED */
export async function getManifest(
  registry: Registry,
  call: Call & { reference: Reference },
): Promise<StoredManifest> {
  const { repository, reference } = call
  const manifest =
    reference.by === 'tag'
      ? await registry.metadata.findTagged({ repository, tag: reference.tag })
      : await registry.metadata.findManifest({ repository, digest: reference.digest })
  if (!manifest) throw manifestUnknown(reference)
  if (manifest.damaged) throw manifestDamaged(manifest)
  if (reference.by === 'digest' && (await needsConfirming(registry, call, manifest.confirmedAt))) {
    const { grace } = registry.rules
    const args = { repository, digest: manifest.digest, grace }
    const confirmation = registry.metadata.change('confirmManifest', args)
    if (!(await unlessUnwritable(confirmation))) throw manifestUnknown(reference)
  }
  return manifest
}

export interface ManifestPush {
  readonly reference: Reference
  /** Further tags for a manifest that is pushed by digest. */
  readonly tags: readonly Tag[]
  readonly bytes: Uint8Array
  /** Without parameters; empty when the request had none. */
  readonly contentType: string
}

export interface PushedManifest {
  readonly digest: Digest
  readonly subject: Digest | undefined
}

/**
 * Stores a manifest with its tags, all or nothing.
 * @throws MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, LIMIT_REACHED, QUOTA_EXCEEDED, QUOTA_BUSY, or DIGEST_INVALID when the bytes
 * are not what the digest says
 */
export async function pushManifest(registry: Registry, call: Call & ManifestPush): Promise<PushedManifest> {
  const { repository, reference, bytes } = call
  const digest = digestOf(bytes, reference.by === 'digest' ? algorithmOf(reference.digest) : 'sha256')
  if (reference.by === 'digest' && digest !== reference.digest) {
    throw new RegistryError('DIGEST_INVALID', `the manifest that arrived has the digest ${digest}`, {
      detail: { asked: reference.digest, received: digest },
    })
  }
  const manifest = parseManifest(bytes, call.contentType)
  requireFewReferences(registry, manifest)
  const put = {
    repository,
    digest,
    kind: manifest.kind,
    mediaType: manifest.mediaType,
    bytes,
    subject: manifest.subject ?? null,
    artifactType: manifest.artifactType ?? null,
    contentSize: manifest.contentSize,
    references: manifest.references,
    tags: [...new Set(reference.by === 'tag' ? [reference.tag, ...call.tags] : call.tags)],
    missing: registry.rules.missing,
    caller: call.caller,
    immutable: immutableIn(registry.rules, repository),
    grace: registry.rules.grace,
    limits: manifestLimits(registry),
    ...quotaOf(registry.rules),
  }
  await onceThereIsRoom(() => registry.metadata.change('putManifest', put))
  return { digest, subject: manifest.subject }
}

function requireFewReferences({ limits }: Registry, { references }: Manifest): void {
  if (!limits || references.length <= limits.references) return
  throw limitReached(
    'MANIFEST_INVALID',
    `the manifest lists ${references.length} layers or children, and at most ${limits.references} are taken: put several into one`,
    { setting: 'limits.references', limit: limits.references },
  )
}

function manifestLimits({ limits }: Registry): ManifestLimits | undefined {
  return limits && { tags: limits.tags, referrers: limits.referrers, nesting: limits.nesting }
}

export interface ManifestDeletion {
  readonly repository: RepositoryName
  readonly reference: Reference
  readonly caller: string
  /** For good, past the trash. */
  readonly purge?: boolean
}

/**
 * Deletes a tag, or a manifest with all tags that point at it; into the trash, if the registry keeps one.
 * @returns what it can be taken back by; null: it is gone for good
 * @throws MANIFEST_UNKNOWN, MANIFEST_IN_USE, DELETE_DISABLED, TAG_IMMUTABLE, READ_ONLY
 */
export async function deleteManifest(
  registry: ManagedRegistry,
  { repository, reference, caller, purge = false }: ManifestDeletion,
): Promise<string | null> {
  await requireWritable(registry)
  requireDeletion(registry)
  const trash = trashIdFor(registry, purge)
  const immutable = immutableIn(registry.rules, repository)
  const deletion = { repository, caller, immutable, trash }
  const deleted =
    reference.by === 'tag'
      ? await registry.metadata.change('deleteTag', { ...deletion, tag: reference.tag })
      : await registry.metadata.change('deleteManifest', { ...deletion, digest: reference.digest })
  if (!deleted) throw manifestUnknown(reference)
  return trash
}

/** To a client it is not there, so that the next push brings it again. */
function manifestDamaged({ digest }: StoredManifest): RegistryError {
  return new RegistryError(
    'MANIFEST_DAMAGED',
    `the stored bytes of the manifest ${digest} are damaged: pushing it again heals it`,
    { detail: { digest, damaged: true } },
  )
}

function manifestUnknown(reference: Reference): RegistryError {
  return new RegistryError(
    'MANIFEST_UNKNOWN',
    reference.by === 'tag' ? 'the repository has no such tag' : 'the repository has no such manifest',
    { detail: reference.by === 'tag' ? { tag: reference.tag } : { digest: reference.digest } },
  )
}
