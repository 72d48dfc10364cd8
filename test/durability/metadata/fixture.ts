import type { ChangeArguments } from '../../../src/metadata/changes/changes.ts'
import {
  digestFor,
  manifest as manifestOf,
  newId,
  refersTo,
} from '../../../src/metadata/contract/fixtures.ts'
import type { ChangesMetadata, MetadataStore } from '../../../src/metadata/metadata-store.ts'
import type { Digest } from '../../../src/oci/digest.ts'
import { RegistryError } from '../../../src/oci/errors.ts'
import type { RepositoryName } from '../../../src/oci/repository-name.ts'
import type { Tag } from '../../../src/oci/tag.ts'

export type Put = ChangeArguments<'putManifest'>

const hour = 3_600_000
/** A collector for which everything is due. */
export const dueNow = { grace: 0, untagged: null }
export const forGood = { caller: 'racer', immutable: [], trash: null }

/** A repository of one round's own, with what it takes to fill it. */
export class Arena {
  readonly name: RepositoryName
  readonly store: MetadataStore
  readonly #round: string

  constructor(store: MetadataStore, round: string) {
    this.store = store
    this.#round = round
    this.name = `race/r${round}` as RepositoryName
  }

  get other(): RepositoryName {
    return `${this.name}/other` as RepositoryName
  }

  digest(content: string): Digest {
    return digestFor(`${content} ${this.#round}`)
  }

  /** An upload whose bytes lie under its key, ready to be committed. */
  async upload(digest: Digest): Promise<ChangeArguments<'commitUpload'>> {
    const id = newId()
    const objectKey = `blobs/${this.#round}-${id}`
    const repository = this.name
    await this.store.change('openUpload', {
      id: `${this.#round}-${id}`,
      repository,
      objectKey: `uploads/${this.#round}-${id}`,
      emptyDigest: digestFor(''),
      writer: 'w',
      targetKey: objectKey,
    })
    return { id: `${this.#round}-${id}`, writer: 'w', repository, digest, objectKey, size: 1, grace: hour }
  }

  /** A blob that the repository holds, by a link that is due. */
  async blob(content: string): Promise<Digest> {
    const digest = this.digest(content)
    await this.store.change('commitUpload', { ...(await this.upload(digest)), grace: 0 })
    return digest
  }

  image(content: string, layers: readonly Digest[] = []): Put {
    const references = layers.map((layer) => refersTo(layer))
    return { ...this.#manifest(content), references }
  }

  index(content: string, children: readonly Digest[]): Put {
    const references = children.map((child) => refersTo(child, 'child'))
    return { ...this.#manifest(content), kind: 'index', references }
  }

  put(put: Put): Promise<void> {
    return this.store.change('putManifest', put)
  }

  /** An image that nothing holds, and that follows an index which was deleted. */
  async orphan(content: string): Promise<Digest> {
    const child = this.image(content)
    const parent = this.index(`parent of ${content}`, [child.digest])
    await this.put(child)
    await this.put(parent)
    await this.store.change('deleteManifest', { ...this.at(parent.digest), ...forGood })
    return child.digest
  }

  at(digest: Digest) {
    return { repository: this.name, digest }
  }

  collect(digest: Digest) {
    return this.store.change('collect', { ...this.at(digest), ...dueNow })
  }

  async holdsBlob(digest: Digest, repository = this.name): Promise<boolean> {
    return (await this.store.findBlob({ repository, digest })) !== undefined
  }

  async holdsManifest(digest: Digest): Promise<boolean> {
    return (await this.store.findManifest(this.at(digest))) !== undefined
  }

  async isTagged(tag: string): Promise<boolean> {
    return (await this.store.findTagged({ repository: this.name, tag: tag as Tag })) !== undefined
  }

  restoration(id: string): ChangeArguments<'restoreTrash'> {
    return { id, repository: null, tag: null, caller: 'racer', immutable: [], grace: 0, limit: 100 }
  }

  trashId(): string {
    return `trash-${this.#round}`
  }

  #manifest(content: string): Put {
    return manifestOf(`${content} ${this.#round}`, { repository: this.name, missing: 'none', grace: 0 })
  }
}

/** Whether a change was done, or refused with one of these codes. Anything else is a failure. */
export async function done(change: Promise<unknown>, ...refusals: readonly string[]): Promise<boolean> {
  try {
    return (await change) !== false
  } catch (error) {
    if (error instanceof RegistryError && refusals.includes(error.code)) return false
    throw error
  }
}

/** Forgets a deletion as the collector does, but in the smallest steps. */
export async function emptyTrash(store: ChangesMetadata, id: string): Promise<void> {
  while (await store.change('emptyTrash', { id, limit: 1 }));
}
