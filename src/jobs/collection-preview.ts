import type {
  Address,
  CollectsGarbage,
  FindsManifests,
  ForeseesCollection,
  KeepsTrash,
  Page,
} from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { CollectorRules } from './collector.ts'

/** Rows that one look brings. */
const lookedAt = 200

export interface Preview {
  readonly metadata: CollectsGarbage & FindsManifests & ForeseesCollection & KeepsTrash
  readonly rules: CollectorRules
  /** Told of each link and manifest that would go, as it is found. */
  found(item: PreviewItem): void
}

export interface PreviewItem extends Address {
  readonly kind: 'manifest' | 'link'
  /** Of the blob, once with its last link; 0 where other repositories hold it. */
  readonly bytes: number
}

export interface PreviewSummary {
  readonly uploads: number
  readonly trash: number
  readonly manifests: number
  readonly links: number
  /** Of blobs that nothing would hold any more: their objects go `gc.keep-objects` later. */
  readonly doomedBytes: number
  /** Objects that are doomed already and would be removed now. */
  readonly objects: number
  readonly bytes: number
}

/**
 * What a run of the collector would take away now, by the rules that it goes by itself, with nothing changed: what goes
 * with a manifest or with a deletion whose time is over is followed as the run would.
 */
export async function previewCollection(preview: Preview): Promise<PreviewSummary> {
  const { metadata, rules } = preview
  const looking = new Look(preview)
  await looking.emptyTrash()
  await looking.takeDue()
  const { count: objects, bytes } = await metadata.sumDoomed({ age: rules.keepObjects })
  const uploads = await metadata.countStaleUploads({ age: rules.uploadAge })
  return { ...looking.summary, uploads, objects, bytes }
}

class Look {
  readonly #preview: Preview
  readonly #gone = new Set<string>()
  readonly #unlinked = new Set<string>()
  readonly #emptied = new Set<string>()
  #doomedBytes = 0

  constructor(preview: Preview) {
    this.#preview = preview
  }

  get summary() {
    return {
      trash: this.#emptied.size,
      manifests: this.#gone.size,
      links: this.#unlinked.size,
      doomedBytes: this.#doomedBytes,
    }
  }

  async emptyTrash(): Promise<void> {
    const { metadata, rules } = this.#preview
    for (let limit = lookedAt; ; limit *= 2) {
      const expired = await metadata.listExpiredTrash({ age: rules.trashRetention, limit })
      if (expired.length === limit) continue
      for (const id of expired) this.#emptied.add(id)
      break
    }
    for (const id of this.#emptied) {
      const released = pages((page) => metadata.listTrashedReferences({ ...page, id }))
      for await (const address of released) await this.#look(address)
      const subjects = pages((page) => metadata.listTrashedManifests({ ...page, id }))
      for await (const subject of subjects) await this.#lookAtReferrers(subject)
    }
  }

  async takeDue(): Promise<void> {
    const limit = await this.#preview.metadata.countDue()
    if (limit === 0) return
    for (const address of await this.#preview.metadata.listDue({ limit })) await this.#look(address)
  }

  async #look(address: Address): Promise<void> {
    const { metadata, rules } = this.#preview
    const { manifest, link } = await metadata.judge({
      ...address,
      grace: rules.grace,
      untagged: rules.untagged,
      assumed: {
        gone: (other) => this.#gone.has(keyOf(other)),
        emptied: (id) => this.#emptied.has(id),
      },
    })
    const key = keyOf(address)
    if (link.verdict === 'go' && !this.#unlinked.has(key)) await this.#unlink(address)
    if (manifest.verdict !== 'go' || this.#gone.has(key)) return
    this.#gone.add(key)
    this.#preview.found({ ...address, kind: 'manifest', bytes: 0 })
    for (const digest of await metadata.listReferences(address)) {
      await this.#look({ repository: address.repository, digest })
    }
    await this.#lookAtReferrers(address)
  }

  async #lookAtReferrers({ repository, digest: subject }: Address): Promise<void> {
    const { metadata } = this.#preview
    const referrers = pages((page) =>
      metadata.listReferrers({ repository, subject, limit: page.limit, after: page.after as Digest }),
    )
    for await (const { digest } of referrers) await this.#look({ repository, digest })
  }

  async #unlink(address: Address): Promise<void> {
    const { repository, digest } = address
    this.#unlinked.add(keyOf(address))
    const bytes = await this.#preview.metadata.freedBytes({
      digest,
      unlinked: (holder) => this.#unlinked.has(keyOf({ repository: holder, digest })),
      emptied: (id) => this.#emptied.has(id),
    })
    this.#doomedBytes += bytes
    this.#preview.found({ repository, digest, kind: 'link', bytes })
  }
}

async function* pages<T extends { digest: Digest }>(
  next: (page: Required<Page<string>>) => Promise<readonly T[]>,
): AsyncGenerator<T> {
  let after = ''
  for (;;) {
    const page = await next({ after, limit: lookedAt })
    yield* page
    if (page.length < lookedAt) return
    after = page.at(-1)?.digest ?? ''
  }
}

function keyOf({ repository, digest }: { repository: RepositoryName; digest: Digest }): string {
  return `${repository}@${digest}`
}
