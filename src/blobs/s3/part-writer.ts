import { RegistryError } from '../../oci/errors.ts'
import type { MultipartAddress, Part, S3Multiparts } from './multiparts.ts'
import type { PartMemory } from './part-memory.ts'
import { mostParts, partSizeAt } from './part-size.ts'
import { S3Error, toStorageError } from './s3-error.ts'
import type { Slots } from './slots.ts'

/** Bytes that are gathered as they came before a part's memory is taken: most blobs are smaller. */
const smallLimit = 64 * 1024

export interface PartResources {
  readonly multiparts: S3Multiparts
  readonly memory: PartMemory
  /** Of all uploads. */
  readonly connections: Slots
  readonly partSize: number
  readonly partsInFlight: number
}

export interface Start {
  /** Where the parts go, with the prefix. */
  readonly key: string
  readonly uploadId: string | undefined
  readonly parts: readonly Part[]
  /** Drops what others began for the same object and will never finish. */
  readonly alone: () => Promise<void>
}

/** What is gathered and not sent. */
export interface Rest {
  readonly body: Uint8Array<ArrayBuffer>
  readonly bodyHash: string
}

/** Gathers bytes into parts and sends them while the next gather, a few at once. */
export class PartWriter {
  readonly #resources: PartResources
  readonly #start: Start
  readonly #stop = new AbortController()
  readonly #parts: Part[]
  readonly #sending = new Set<Promise<void>>()
  #uploadId: string | undefined
  #offset: number
  #small: Uint8Array[] = []
  #buffer: Buffer<ArrayBuffer> | undefined
  #filled = 0
  #hash = new Bun.CryptoHasher('sha256')
  #failure: unknown

  constructor(resources: PartResources, start: Start) {
    this.#resources = resources
    this.#start = start
    this.#uploadId = start.uploadId
    this.#parts = [...start.parts]
    this.#offset = start.parts.reduce((sum, { size }) => sum + size, 0)
  }

  /** Undefined as long as no part was sent. */
  get address(): MultipartAddress | undefined {
    return this.#uploadId === undefined ? undefined : { key: this.#start.key, uploadId: this.#uploadId }
  }

  get parts(): readonly Part[] {
    return this.#parts
  }

  /** Bytes before the next part. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes that wait to become a part. */
  get waiting(): number {
    return this.#filled
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.requireRight()
    if (!this.#buffer && this.#filled + chunk.length <= smallLimit) {
      this.#small.push(chunk)
      this.#filled += chunk.length
      return undefined
    }
    if (this.#buffer && this.#filled + chunk.length < this.#buffer.length) {
      this.#copy(chunk)
      return undefined
    }
    return this.#fill(chunk)
  }

  /** What is gathered; stays the writer's, and is good until the next write. */
  rest(): Rest {
    if (!this.#buffer) {
      const body = Buffer.concat(this.#small) as Buffer<ArrayBuffer>
      return { body, bodyHash: new Bun.CryptoHasher('sha256').update(body).digest('hex') }
    }
    return { body: this.#buffer.subarray(0, this.#filled), bodyHash: this.#hash.copy().digest('hex') }
  }

  /** Sends what is gathered as a part, whatever its size. */
  async sendRest(): Promise<void> {
    if (this.#filled === 0) return
    if (!this.#buffer) await this.#takeBuffer()
    await this.#send()
  }

  /** Waits until every part is there. @throws what failed */
  async settle(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending)
    this.requireRight()
  }

  requireRight(): void {
    if (this.#failure) throw toStorageError(this.#failure)
  }

  /** From now on nothing is sent any more. */
  async stop(reason: unknown): Promise<void> {
    this.#failure ??= reason
    this.#stop.abort(reason)
    await Promise.all(this.#sending)
    this.release()
  }

  release(): void {
    this.#small = []
    this.#filled = 0
    if (this.#buffer) this.#resources.memory.give(this.#buffer)
    this.#buffer = undefined
  }

  async #fill(chunk: Uint8Array): Promise<void> {
    let left = chunk
    while (left.length > 0) {
      if (!this.#buffer) await this.#takeBuffer()
      const room = (this.#buffer?.length ?? 0) - this.#filled
      this.#copy(left.subarray(0, room))
      left = left.subarray(room)
      if (this.#filled === this.#buffer?.length) await this.#send()
    }
  }

  async #takeBuffer(): Promise<void> {
    const size = partSizeAt(this.#offset, this.#resources.partSize)
    const buffer = await this.#resources.memory.take(size)
    if (this.#failure) {
      this.#resources.memory.give(buffer)
      this.requireRight()
    }
    this.#buffer = buffer
    this.#hash = new Bun.CryptoHasher('sha256')
    const gathered = this.#small
    this.#small = []
    this.#filled = 0
    for (const chunk of gathered) this.#copy(chunk)
  }

  #copy(chunk: Uint8Array): void {
    this.#buffer?.set(chunk, this.#filled)
    this.#hash.update(chunk)
    this.#filled += chunk.length
  }

  /** Sends the gathered part while the next ones gather, as far as enough are under way. */
  async #send(): Promise<void> {
    const address = await this.#begin()
    const buffer = this.#buffer
    if (!buffer) return
    const { body, bodyHash } = this.rest()
    const index = this.#parts.length
    if (index >= mostParts) throw tooLarge()
    const part = { size: body.length, etag: '' }
    this.#parts.push(part)
    this.#offset += body.length
    this.#buffer = undefined
    this.#filled = 0
    const { connections, multiparts, memory, partsInFlight } = this.#resources
    const sending = connections
      .use(async () => {
        this.requireRight()
        const etag = await multiparts.putPart(address, index + 1, { body, bodyHash, signal: this.signal })
        this.#parts[index] = { ...part, etag }
      })
      .catch((error: unknown) => {
        this.#failure ??= goneOr(error)
      })
      .finally(() => {
        memory.give(buffer)
        this.#sending.delete(sending)
      })
    this.#sending.add(sending)
    while (this.#sending.size >= partsInFlight) await Promise.race(this.#sending)
    this.requireRight()
  }

  async #begin(): Promise<MultipartAddress> {
    if (!this.address) {
      await this.#start.alone()
      const { uploadId } = await this.#resources.multiparts.begin(this.#start.key, this.signal)
      this.#uploadId = uploadId
    }
    return this.address as MultipartAddress
  }
}

/** Somebody else dropped the parts, or made the object of them. */
function goneOr(error: unknown): unknown {
  if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') return error
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'the bytes of this upload are gone: start a new one', {
    cause: error,
  })
}

function tooLarge(): RegistryError {
  return new RegistryError('SIZE_INVALID', 'the object storage takes no blob as large as this')
}
