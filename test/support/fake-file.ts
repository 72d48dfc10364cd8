import type { FileHandle } from 'node:fs/promises'

interface FakeFileOptions {
  /** Bytes that one write takes at most, as a disk may. */
  readonly most?: number
  /** Thrown by every write from this many bytes on. */
  readonly failAt?: { readonly bytes: number; readonly error: Error }
}

/** A file in memory that writes only when it is let, and notes what is done to it. */
export class FakeFile {
  readonly done: string[] = []
  writing = 0
  #bytes = new Uint8Array()
  #gate: Promise<void> | undefined
  #open = () => {}
  readonly #options: FakeFileOptions

  constructor(options: FakeFileOptions = {}) {
    this.#options = options
  }

  get handle(): FileHandle {
    return this as unknown as FileHandle
  }

  get text(): string {
    return new TextDecoder().decode(this.#bytes)
  }

  /** From now on writes wait. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  letGo(): void {
    this.#gate = undefined
    this.#open()
  }

  async writev(chunks: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }> {
    this.writing += 1
    if (this.writing > 1) throw new Error('two writes at once')
    await this.#gate
    await Bun.sleep(0)
    this.writing -= 1
    const { most = Number.POSITIVE_INFINITY, failAt } = this.#options
    if (failAt && position >= failAt.bytes) throw failAt.error
    const bytes = new Uint8Array(Buffer.concat(chunks)).subarray(0, most)
    const grown = new Uint8Array(Math.max(this.#bytes.length, position + bytes.length))
    grown.set(this.#bytes)
    grown.set(bytes, position)
    this.#bytes = grown
    this.done.push(`write ${position}+${bytes.length}`)
    return { bytesWritten: bytes.length }
  }

  async sync(): Promise<void> {
    this.done.push('sync')
  }

  async datasync(): Promise<void> {
    this.done.push('datasync')
  }

  async truncate(length: number): Promise<void> {
    this.#bytes = this.#bytes.slice(0, length)
    this.done.push(`truncate ${length}`)
  }

  async close(): Promise<void> {
    this.done.push('close')
  }
}
