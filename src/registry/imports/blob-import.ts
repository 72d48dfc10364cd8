import { algorithmOf, type Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { uploadAtOnce } from '../uploads/finish.ts'
import { quotaOf } from '../uploads/room.ts'
import { adoptBlob } from './adopt-blob.ts'
import { Lines, Slots } from './concurrency.ts'
import { type ImportJob, importCaller } from './job.ts'
import { damaged } from './manifest-file.ts'
import { SourceError, type SourceFile, type SourceRepository } from './source.ts'
import { chunksOf } from './source-files.ts'
import type { Tally } from './tally.ts'

/** Most blobs are small, and wait for syncs that they can share. */
const filesAtOnce = 32
const chunkSize = 1024 * 1024
/** Of large ones a few keep the disk busy, and each takes some MiB of memory on its way. */
const largeFile = 8 * 1024 * 1024
const largeFilesAtOnce = 4

export interface Wanted {
  readonly from: SourceRepository
  readonly digest: Digest
  /** Whether no manifest holds the blob yet, so that it must be confirmed like one that is pushed. */
  readonly confirm: boolean
}

/** Brings blobs, each once however many repositories have it. */
export class BlobImport {
  readonly #job: ImportJob
  readonly #tally: Tally
  readonly #files = new Slots(filesAtOnce)
  readonly #largeFiles = new Slots(largeFilesAtOnce)
  readonly #lines = new Lines<Digest>()
  /** By path, so that a damaged file is read once. */
  readonly #damaged = new Map<string, SourceError>()
  /** Filesystem and owner of files that can't be linked. */
  readonly #unlinkable = new Set<string>()

  constructor(job: ImportJob, tally: Tally) {
    this.#job = job
    this.#tally = tally
  }

  /** @returns false where neither side holds the blob. @throws SourceError */
  async bring(blob: Wanted): Promise<boolean> {
    if (await this.#isThere(blob)) return true
    return this.#lines.follow(blob.digest, () => this.#files.use(() => this.#bringIn(blob)))
  }

  async #bringIn(blob: Wanted): Promise<boolean> {
    // Whoever was in line before may have brought it.
    if (await this.#isThere(blob)) return true
    const file = await blob.from.openBlob(blob.digest)
    if (!file) return false
    try {
      const before = this.#damaged.get(file.path)
      if (before) throw before
      if (await this.#mount(blob)) return true
      const store = () => this.#store(blob, file)
      await (file.size < largeFile ? store() : this.#largeFiles.use(store))
      return true
    } finally {
      await file.handle.close()
    }
  }

  async #isThere({ from: { name: repository }, digest, confirm }: Wanted): Promise<boolean> {
    const { metadata, rules, now } = this.#job.registry
    const blob = await metadata.findBlob({ repository, digest })
    if (!blob || blob.damaged) return false
    if (!confirm || now() - blob.confirmedAt <= rules.grace / 2) return true
    return metadata.change('confirmBlob', { repository, digest, grace: rules.grace })
  }

  /** What another repository of the target holds was verified when it came there. */
  async #mount({ from: { name: repository }, digest }: Wanted): Promise<boolean> {
    const { metadata, rules } = this.#job.registry
    for (const from of await metadata.listHolders({ digest, limit: 3 })) {
      const mount = { repository, digest, from, grace: rules.grace, ...quotaOf(rules) }
      if (!(await metadata.change('mountBlob', mount))) continue
      this.#tally.blobs.mounted += 1
      return true
    }
    return false
  }

  async #store({ from: { name: repository }, digest }: Wanted, file: SourceFile): Promise<void> {
    const refused = await this.#link(repository, { digest, file })
    if (refused === undefined) {
      this.#tally.blobs.linked += 1
      this.#tally.bytes.linked += file.size
      return
    }
    if (this.#job.means === 'link') throw new SourceError(`${file.path} can't be linked: ${refused}`)
    await this.#copy(repository, { digest, file })
    this.#tally.blobs.copied += 1
    this.#tally.bytes.copied += file.size
  }

  /** @returns why there is no link; undefined: there is */
  async #link(
    repository: RepositoryName,
    { digest, file }: { digest: Digest; file: SourceFile },
  ): Promise<string | undefined> {
    const { registry, means } = this.#job
    if (means === 'copy') return 'copies are asked for'
    const { dev, uid } = await file.handle.stat()
    const kind = `${dev} ${uid}`
    if (means === 'either' && this.#unlinkable.has(kind)) return 'as others before'
    await this.#verify(file, digest)
    const refused = await adoptBlob(registry, { repository, digest, file })
    if (refused === 'elsewhere' || refused === 'foreign') this.#unlinkable.add(kind)
    return refused && whyNotLinked[refused]
  }

  async #verify(file: SourceFile, digest: Digest): Promise<void> {
    const hasher = new Bun.CryptoHasher(algorithmOf(digest))
    for await (const chunk of this.#read(file, { reuse: true })) hasher.update(chunk)
    const found = `${algorithmOf(digest)}:${hasher.digest('hex')}` as Digest
    if (found !== digest) throw this.#foundDamaged(file, found)
  }

  async #copy(
    repository: RepositoryName,
    { digest, file }: { digest: Digest; file: SourceFile },
  ): Promise<void> {
    const call = { repository, caller: importCaller, mayPush: true }
    try {
      const body = this.#read(file, { reuse: false })
      await uploadAtOnce(this.#job.registry, { ...call, digest, body, length: file.size })
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'DIGEST_INVALID') throw error
      const { received } = error.detail as { received: Digest }
      throw this.#foundDamaged(file, received)
    }
  }

  async *#read(file: SourceFile, { reuse }: { reuse: boolean }): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(file, { chunkSize, reuse })) {
      this.#job.progress?.(chunk.length)
      yield chunk
    }
  }

  #foundDamaged(file: SourceFile, found: Digest): SourceError {
    const error = damaged(file, found)
    this.#damaged.set(file.path, error)
    return error
  }
}

const whyNotLinked = {
  elsewhere: 'it lies on another filesystem than the data directory; use --copy',
  foreign: 'it belongs to another user than the data directory; chown it, or use --copy',
  refused: 'its filesystem makes no more links to it; use --copy',
  unable: 'this storage keeps no files; use --copy',
} as const
