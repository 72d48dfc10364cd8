import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { type Manifest, type ManifestReference, parseManifest } from '../../oci/manifest.ts'
import type { Tag } from '../../oci/tag.ts'
import { pushManifest } from '../manifests.ts'
import { immutableIn } from '../registry.ts'
import type { BlobImport } from './blob-import.ts'
import { eachOf, Lines, type Slots } from './concurrency.ts'
import { type ImportJob, importCaller, reasonOf } from './job.ts'
import { keepConfirmed } from './keep-confirmed.ts'
import { type ReadManifest, readManifest } from './manifest-file.ts'
import type { Seen } from './seen.ts'
import { SourceError, type SourceRepository, type SourceTag } from './source.ts'
import type { Tally } from './tally.ts'

const manifestsAtOnce = 16
/** Of one manifest: an index may have thousands of children. */
const referencesAtOnce = 16
/** A collector with hardly any grace may take what was brought before its manifest comes: then it is brought again. */
const attempts = 8

export interface RepositoryImportOptions {
  readonly job: ImportJob
  readonly tally: Tally
  readonly blobs: BlobImport
  /** Manifests whose files are open. */
  readonly files: Slots
  /** Manifests that are counted. */
  readonly counted: Seen
}

type Kept = ReturnType<typeof keepConfirmed>

/** `absent`: the source's repository does not hold it either; `failed`: that was told. */
type Brought = 'there' | 'absent' | 'failed'

/**
 * Brings what a repository holds: its tags with their manifests, then the manifests without tags. Of each manifest,
 * what it refers to comes first, right before it. Whatever the target has already costs a few look-ups.
 */
export class RepositoryImport {
  readonly #options: RepositoryImportOptions
  readonly #source: SourceRepository
  readonly #lines = new Lines<Digest>()
  readonly #failed = new Set<Digest>()

  constructor(options: RepositoryImportOptions, source: SourceRepository) {
    this.#options = options
    this.#source = source
  }

  async run(): Promise<void> {
    await eachOf(this.#source.tags(), manifestsAtOnce, (tag) => this.#bringTag(tag))
    await eachOf(
      this.#source.manifests(),
      manifestsAtOnce,
      async (digest) => void (await this.#bring(digest, [])),
    )
  }

  async #bringTag({ tag, digest }: SourceTag): Promise<void> {
    const { job, tally } = this.#options
    const { metadata } = job.registry
    const repository = this.#source.name
    const current = await metadata.findTagged({ repository, tag })
    if (current?.digest === digest) {
      tally.tags.present += 1
      return
    }
    const [move] = job.overwrite ? [] : await metadata.listTagMoves({ repository, tag, limit: 1 })
    if (move && move.caller !== importCaller) {
      const did = move.digest === null ? 'deleted' : 'set to another manifest'
      return this.#skip(
        `tag ${tag}`,
        `it was ${did} here by ${move.caller || 'somebody'} meanwhile; --overwrite moves it all the same`,
      )
    }
    const brought = await this.#bringTagged(tag, digest)
    if (brought === 'there') tally.tags.imported += 1
    if (brought === 'absent')
      this.#skip(`tag ${tag}`, `the manifest that it points at, ${digest}, was deleted`)
    if (brought === 'failed') this.#skip(`tag ${tag}`, `its manifest ${digest} did not come`)
  }

  async #bringTagged(tag: Tag, digest: Digest): Promise<Brought | 'told'> {
    try {
      return await this.#bring(digest, [tag])
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'TAG_IMMUTABLE') throw error
      this.#skip(`tag ${tag}`, error.message)
      return 'told'
    }
  }

  #bring(digest: Digest, tags: readonly Tag[]): Promise<Brought> {
    return this.#lines.follow(digest, async () => {
      if (this.#failed.has(digest)) return 'failed'
      try {
        return await this.#settle(digest, tags)
      } catch (error) {
        if (error instanceof RegistryError && error.code === 'TAG_IMMUTABLE') throw error
        return this.#fail(digest, error)
      }
    })
  }

  /** Goes on until the manifest is there with its tags and with all that the source has of what it refers to. */
  async #settle(digest: Digest, tags: readonly Tag[]): Promise<Brought> {
    const { metadata } = this.#options.job.registry
    let missingTags = tags
    let imported = false
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const stored = await metadata.findManifest({ repository: this.#source.name, digest })
      const read = stored ?? (await this.#read(digest))
      if (!read) return 'absent'
      if (!stored) {
        if (!(await this.#bringManifest(digest, { read, tags: missingTags }))) continue
        missingTags = []
        imported = true
        // Once more: what the registry may do without need not have stayed until the manifest came.
      } else {
        await this.#bringReferences(parseManifest(read.bytes, read.mediaType))
        if (!(await this.#putTags(digest, missingTags))) continue
        this.#count(digest, imported)
        return 'there'
      }
    }
    throw new SourceError(
      'the collector took its blobs again and again before it was there: give the server a longer gc.grace',
    )
  }

  async #read(digest: Digest): Promise<ReadManifest | undefined> {
    return this.#options.files.use(async () => {
      const file = await this.#source.openManifest(digest)
      return file && readManifest(file, digest)
    })
  }

  /** Brings all that a manifest refers to, then the manifest. @returns false where the collector came between */
  async #bringManifest(
    digest: Digest,
    { read, tags }: { read: ReadManifest; tags: readonly Tag[] },
  ): Promise<boolean> {
    const { registry } = this.#options.job
    const repository = this.#source.name
    using kept = keepConfirmed(registry, repository)
    const lacking = await this.#bringReferences(parseManifest(read.bytes, read.mediaType), kept)
    const call = { repository, caller: importCaller, mayPush: true, tags }
    const { bytes, mediaType } = read
    try {
      const reference = { by: 'digest', digest } as const
      await pushManifest(registry, { ...call, reference, bytes, contentType: mediaType })
      return true
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'MANIFEST_BLOB_UNKNOWN') throw error
      if (lacking.length === 0) return false
      const others = lacking.length > 1 ? ` and ${lacking.length - 1} more` : ''
      throw new SourceError(
        `it needs ${lacking[0]}${others}, which the source does not have (setting manifests.missing)`,
      )
    }
  }

  /**
   * @param kept told of each blob that is there; left out where the manifest holds them already
   * @returns what neither side has
   */
  async #bringReferences(manifest: Manifest, kept?: Kept): Promise<readonly Digest[]> {
    const wanted = manifest.references.filter(({ role }) => role !== 'subject')
    const lacking: Digest[] = []
    await eachOf(wanted, referencesAtOnce, async (reference) => {
      const brought = await this.#bringReference(reference, kept)
      if (!brought && !reference.foreign) lacking.push(reference.digest)
    })
    return lacking
  }

  async #bringReference({ digest, role }: ManifestReference, kept: Kept | undefined): Promise<boolean> {
    if (role === 'child') return (await this.#bring(digest, [])) === 'there'
    if (this.#failed.has(digest)) return false
    try {
      const confirm = kept !== undefined
      if (!(await this.#options.blobs.bring({ from: this.#source, digest, confirm }))) return false
      kept?.add(digest)
      return true
    } catch (error) {
      this.#fail(digest, error)
      return false
    }
  }

  /** @returns false where the manifest went meanwhile */
  async #putTags(digest: Digest, tags: readonly Tag[]): Promise<boolean> {
    const { metadata, rules } = this.#options.job.registry
    const repository = this.#source.name
    const { grace } = rules
    const put = { repository, digest, caller: importCaller, immutable: immutableIn(rules, repository), grace }
    for (const tag of tags) if (!(await metadata.change('putTag', { ...put, tag }))) return false
    return true
  }

  #count(digest: Digest, imported: boolean): void {
    if (!this.#options.counted.add(`${this.#source.name}@${digest}`)) return
    this.#options.tally.manifests[imported ? 'imported' : 'present'] += 1
  }

  #fail(digest: Digest, error: unknown): 'failed' {
    const reason = reasonOf(error)
    if (!this.#failed.has(digest)) this.#skip(digest, reason)
    this.#failed.add(digest)
    return 'failed'
  }

  #skip(subject: string, reason: string): void {
    this.#options.job.findings.skip({ repository: this.#source.name, subject, reason })
  }
}
