import { digestFor, hour } from '../../src/metadata/contract/fixtures.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { Change } from './random-changes.ts'

interface OpenUpload {
  readonly id: string
  readonly repository: RepositoryName
  offset: number
  leased: boolean
}

const namespaces = ['team', 'other', 'library']

/** Uploads that go on side by side, and limits that are set and taken while they do; what is refused counts as well. */
export class RandomUploads {
  readonly #change: Change
  readonly #random: () => number
  readonly #name: string
  #uploads: OpenUpload[] = []
  #ids = 0
  refused = 0

  /** @param name tells its uploads from those of others */
  constructor(change: Change, { random, name }: { random: () => number; name: string }) {
    this.#change = change
    this.#random = random
    this.#name = name
  }

  async step(): Promise<void> {
    const steps = [
      () => this.#open(),
      () => this.#lease(),
      () => this.#lease(),
      () => this.#reserve(),
      () => this.#reserve(),
      () => this.#append(),
      () => this.#commit(),
      () => this.#cancel(),
      () => this.#limit(),
      () => this.#expire(),
    ]
    try {
      await this.#one(steps)()
    } catch (error) {
      if ((error as Error).name !== 'RegistryError') throw error
      this.refused += 1
    }
  }

  async #open(): Promise<void> {
    this.#ids += 1
    const id = `${this.#name}-${this.#ids}`
    const repository = this.#one(['team/0', 'team/1', 'other/2', 'plain']) as RepositoryName
    const writer = this.#random() < 0.5 ? 'w' : null
    const named = { id, repository, objectKey: `uploads/${id}`, emptyDigest: digestFor('') }
    const reserve = { bytes: this.#number(30), digest: this.#maybe(digestFor(`blob ${this.#number(30)}`)) }
    await this.#change('openUpload', { ...named, writer, targetKey: null, ...(writer && { reserve }) })
    this.#uploads.push({ id, repository, offset: 0, leased: writer !== null })
  }

  async #lease(): Promise<void> {
    const upload = this.#one(this.#uploads)
    if (!upload) return
    const { id, repository } = upload
    const reserve = { bytes: this.#maybe(this.#number(30)), digest: null }
    await this.#change('leaseUpload', { id, repository, writer: 'w', target: null, reserve })
    upload.leased = true
  }

  async #reserve(): Promise<void> {
    const upload = this.#one(this.#uploads)
    if (!upload) return
    const { id, repository, offset } = upload
    const bytes = offset + this.#number(30)
    await this.#change('reserveUpload', { id, repository, writer: 'w', bytes, digest: null, ahead: 40 })
  }

  async #append(): Promise<void> {
    const upload = this.#one(this.#uploads)
    if (!upload) return
    const to = upload.offset + this.#number(30)
    await this.#change('appendUpload', {
      id: upload.id,
      writer: 'w',
      from: upload.offset,
      to,
      digestSoFar: null,
    })
    upload.offset = to
  }

  async #commit(): Promise<void> {
    const upload = this.#one(this.#uploads)
    if (!upload) return
    const { id, repository } = upload
    const content = `blob ${this.#number(30)}`
    const digest = digestFor(content)
    const objectKey = `blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}.${id}`
    const blob = { repository, digest, objectKey, size: content.length }
    await this.#change('commitUpload', { id, writer: 'w', ...blob, grace: hour })
    this.#forget(upload)
  }

  async #cancel(): Promise<void> {
    const upload = this.#one(this.#uploads)
    if (!upload) return
    await this.#change('cancelUpload', { id: upload.id, repository: upload.repository })
    this.#forget(upload)
  }

  async #expire(): Promise<void> {
    if (this.#random() < 0.1) await this.#change('expireUploads', { age: -1, limit: 3 })
  }

  async #limit(): Promise<void> {
    const namespace = this.#one(namespaces)
    const limits = () => this.#one([undefined, null, -1, 0, 100, 400])
    const [bytes, repositories] = [limits(), this.#one([undefined, null, -1, 1, 5])]
    await this.#change('setQuota', {
      namespace,
      ...(bytes === undefined ? {} : { bytes }),
      ...(repositories === undefined ? {} : { repositories }),
    })
  }

  #forget(upload: OpenUpload): void {
    this.#uploads = this.#uploads.filter((each) => each !== upload)
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
