import type { Digest } from '../../oci/digest.ts'
import { type Manifest, parseManifest } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Registry, Rules } from '../registry.ts'
import { eachOf, Slots } from './concurrency.ts'
import type { Findings } from './findings.ts'
import { reasonOf, wantedRepositories } from './job.ts'
import { type ReadManifest, readManifest } from './manifest-file.ts'
import { Seen } from './seen.ts'
import type { ImportSource, SourceRepository } from './source.ts'

const manifestsAtOnce = 16
const filesAtOnce = 64

export interface SurveyJob {
  readonly source: ImportSource
  /** Undefined: there is no registry yet, so everything would come. */
  readonly target: Pick<Registry, 'metadata'> | undefined
  readonly missing: Rules['missing']
  readonly findings: Findings
  wanted(name: RepositoryName): boolean
}

/** What would come. */
export interface Surveyed {
  readonly manifests: number
  readonly tags: number
  /** Blobs that no repository of the target has yet; one that several repositories need is the first one's. */
  readonly blobs: number
  readonly bytes: number
}

export interface SurveyedRepository extends Surveyed {
  readonly repository: RepositoryName
}

/** Looks at all manifests of a source, and at no blob's bytes. */
export async function* survey(job: SurveyJob): AsyncGenerator<SurveyedRepository> {
  const seen = new Seen()
  for await (const repository of wantedRepositories(job)) {
    const one = new RepositorySurvey(job, { repository, seen })
    try {
      await one.run()
    } catch (error) {
      one.skip('repository', error)
    }
    yield { repository: repository.name, ...one.found }
  }
}

class RepositorySurvey {
  readonly found = { manifests: 0, tags: 0, blobs: 0, bytes: 0 }
  readonly #job: SurveyJob
  readonly #source: SourceRepository
  readonly #seen: Seen
  readonly #files = new Slots(filesAtOnce)

  constructor(job: SurveyJob, { repository, seen }: { repository: SourceRepository; seen: Seen }) {
    this.#job = job
    this.#source = repository
    this.#seen = seen
  }

  async run(): Promise<void> {
    const repository = this.#source.name
    const metadata = this.#job.target?.metadata
    await eachOf(this.#source.manifests(), manifestsAtOnce, (digest) => this.#look(digest))
    await eachOf(this.#source.tags(), manifestsAtOnce, async ({ tag, digest }) => {
      if ((await metadata?.findTagged({ repository, tag }))?.digest !== digest) this.found.tags += 1
    })
  }

  async #look(digest: Digest): Promise<void> {
    const repository = this.#source.name
    if (!this.#seen.add(`${repository}@${digest}`)) return
    try {
      const stored = await this.#job.target?.metadata.findManifest({ repository, digest })
      const read = stored ?? (await this.#read(digest))
      if (!read) return
      if (!stored) this.found.manifests += 1
      await this.#lookBelow(digest, parseManifest(read.bytes, read.mediaType))
    } catch (error) {
      this.skip(digest, error)
    }
  }

  #read(digest: Digest): Promise<ReadManifest | undefined> {
    return this.#files.use(async () => {
      const file = await this.#source.openManifest(digest)
      return file && readManifest(file, digest)
    })
  }

  async #lookBelow(digest: Digest, manifest: Manifest): Promise<void> {
    const { missing } = this.#job
    const mayLack = missing === 'all' || (missing === 'index' && manifest.kind === 'index')
    for (const reference of manifest.references) {
      if (reference.role === 'subject') continue
      if (reference.role === 'child') await this.#look(reference.digest)
      else if (!(await this.#lookAtBlob(reference.digest)) && !mayLack && !reference.foreign)
        this.skip(digest, `it needs ${reference.digest}, which the source does not have`)
    }
  }

  /** @returns false where neither side holds the blob */
  async #lookAtBlob(digest: Digest): Promise<boolean> {
    const repository = this.#source.name
    const metadata = this.#job.target?.metadata
    const stored = await metadata?.findBlob({ repository, digest })
    if (stored && !stored.damaged) return true
    return this.#files.use(async () => {
      const file = await this.#source.openBlob(digest)
      await file?.handle.close()
      if (!file || !this.#seen.add(digest)) return file !== undefined
      if ((await metadata?.listHolders({ digest, limit: 1 }))?.length) return true
      this.found.blobs += 1
      this.found.bytes += file.size
      return true
    })
  }

  skip(subject: string, reason: unknown): void {
    const text = typeof reason === 'string' ? reason : reasonOf(reason)
    this.#job.findings.skip({ repository: this.#source.name, subject, reason: text })
  }
}
