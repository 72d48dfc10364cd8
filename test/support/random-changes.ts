import type { ChangeArguments, ChangeName, ChangeResult } from '../../src/metadata/changes/changes.ts'
import { deletion, digestFor, hour, manifest, refersTo, tag } from '../../src/metadata/contract/fixtures.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-types.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'

export type Change = <N extends ChangeName>(name: N, args: ChangeArguments<N>) => Promise<ChangeResult<N>>

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Changes of all kinds that a registry sees, one after the other; those that it refuses count as well. */
export class RandomChanges {
  readonly #change: Change
  readonly #random: () => number
  readonly #pushed: { repository: RepositoryName; digest: Digest }[] = []
  #trash: string[] = []
  #ids = 0
  refused = 0

  constructor(change: Change, random: () => number) {
    this.#change = change
    this.#random = random
  }

  async step(): Promise<void> {
    const steps = [
      () => this.#push(),
      () => this.#push(),
      () => this.#push(),
      () => this.#retag(),
      () => this.#deleteTag(),
      () => this.#deleteManifest(),
      () => this.#restore(),
      () => this.#emptyTrash(),
      () => this.#mount(),
      () => this.#collect(),
      () =>
        this.#change('setState', {
          key: `key-${this.#number(5)}`,
          value: this.#maybe(`${this.#number(99)}`),
        }),
    ]
    try {
      await this.#one(steps)()
    } catch (error) {
      if ((error as Error).name !== 'RegistryError') throw error
      this.refused += 1
    }
  }

  async #push(): Promise<void> {
    const repository = this.#repository()
    const layers = [await this.#blob(repository), await this.#blob(repository)]
    const subject = this.#random() < 0.2 ? this.#pushed.at(-1)?.digest : undefined
    const descriptor = (digest: Digest) => ({ mediaType: 'application/octet-stream', digest, size: 1 })
    const content = JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: descriptor(layers[0] as Digest),
      layers: layers.map(descriptor),
      ...(subject && { subject: descriptor(subject) }),
    })
    const references = [
      refersTo(layers[0] as Digest, 'config'),
      ...layers.map((digest) => refersTo(digest)),
      ...(subject ? [refersTo(subject, 'subject')] : []),
    ]
    const put = manifest(content, { repository, references, subject: subject ?? null, tags: [this.#tag()] })
    await this.#change('putManifest', put)
    this.#pushed.push({ repository, digest: put.digest })
  }

  async #blob(repository: RepositoryName): Promise<Digest> {
    const content = `blob ${this.#number(30)}`
    const digest = digestFor(content)
    const id = this.#id('upload')
    const key = `blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}.${id}`
    await this.#change('openUpload', {
      id,
      repository,
      objectKey: `uploads/${id}`,
      emptyDigest: digestFor(''),
      writer: 'w',
      targetKey: key,
    })
    await this.#change('commitUpload', {
      id,
      writer: 'w',
      repository,
      digest,
      objectKey: key,
      size: content.length,
      grace: 0,
    })
    return digest
  }

  async #retag(): Promise<void> {
    const image = this.#one(this.#pushed)
    if (image)
      await this.#change('putTag', { ...image, tag: this.#tag(), caller: 'tester', immutable: [], grace: 0 })
  }

  async #deleteTag(): Promise<void> {
    const place = { repository: this.#repository(), tag: this.#tag() }
    await this.#change('deleteTag', { ...deletion, ...place, trash: this.#newTrash() })
  }

  async #deleteManifest(): Promise<void> {
    const image = this.#one(this.#pushed)
    if (image) await this.#change('deleteManifest', { ...deletion, ...image, trash: this.#newTrash() })
  }

  async #restore(): Promise<void> {
    const id = this.#one(this.#trash) ?? 'none'
    const how = { repository: this.#maybe(this.#repository()), tag: this.#maybe(this.#tag()) }
    await this.#change('restoreTrash', {
      id,
      ...how,
      caller: 'tester',
      immutable: [],
      grace: hour,
      limit: 10,
    })
  }

  async #emptyTrash(): Promise<void> {
    const id = this.#one(this.#trash)
    if (id) while (await this.#change('emptyTrash', { id, limit: 10 }));
  }

  async #mount(): Promise<void> {
    const digest = digestFor(`blob ${this.#number(30)}`)
    await this.#change('mountBlob', {
      from: this.#repository(),
      repository: this.#repository(),
      digest,
      grace: 0,
    })
  }

  async #collect(): Promise<void> {
    for (let blob = 0; blob < 30; blob += 1) {
      const address = { repository: this.#repository(), digest: digestFor(`blob ${blob}`) }
      await this.#change('collect', { ...address, grace: 0, untagged: 0 })
    }
    const image = this.#one(this.#pushed)
    if (image) await this.#change('collect', { ...image, grace: 0, untagged: 0 })
  }

  #newTrash(): string | null {
    if (this.#random() < 0.2) return null
    const id = this.#id('trash')
    this.#trash = [...this.#trash.slice(-20), id]
    return id
  }

  #id(kind: string): string {
    this.#ids += 1
    return `${kind}-${this.#ids}`
  }

  #repository(): RepositoryName {
    return this.#one(['team/0', 'team/1', 'other/2', 'plain']) as RepositoryName
  }

  #tag() {
    return tag(`v${this.#number(6)}`)
  }

  #maybe<T>(value: T): T | null {
    return this.#random() < 0.5 ? value : null
  }

  #number(below: number): number {
    return Math.floor(this.#random() * below)
  }

  #one<T>(from: readonly T[]): T {
    return from[this.#number(from.length)] as T
  }
}
