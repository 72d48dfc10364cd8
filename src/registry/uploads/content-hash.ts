import type { IHasher } from 'hash-wasm'
import type { Digest, DigestAlgorithm } from '../../oci/digest.ts'

/** The hash of an upload so far. */
export interface ContentHash {
  readonly algorithm: DigestAlgorithm
  update(bytes: Uint8Array): void
  /** Of what it has seen so far; it can go on after that. */
  digest(): Digest
  /** What another process can go on from; undefined: only this one can. */
  state(offset: number): Uint8Array | undefined
}

/** Ten times as fast as the other, and bound to this process: Bun can't export what it has seen. */
export class FastHash implements ContentHash {
  readonly algorithm: DigestAlgorithm
  readonly #hasher: Bun.CryptoHasher

  constructor(algorithm: DigestAlgorithm) {
    this.algorithm = algorithm
    this.#hasher = new Bun.CryptoHasher(algorithm)
  }

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes)
  }

  digest(): Digest {
    return `${this.algorithm}:${this.#hasher.copy().digest('hex')}` as Digest
  }

  state(): undefined {
    return undefined
  }
}

/** A hash that moves from process to process. */
class MovingHash implements ContentHash {
  readonly algorithm: DigestAlgorithm
  readonly #hasher: IHasher

  constructor(algorithm: DigestAlgorithm, hasher: IHasher) {
    this.algorithm = algorithm
    this.#hasher = hasher
  }

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes)
  }

  digest(): Digest {
    const state = this.#hasher.save()
    const digest = this.#hasher.digest('hex')
    this.#hasher.load(state)
    return `${this.algorithm}:${digest}` as Digest
  }

  state(offset: number): Uint8Array {
    const saved = this.#hasher.save()
    const state = new Uint8Array(headLength + saved.length)
    const head = new DataView(state.buffer)
    head.setBigUint64(0, BigInt(offset))
    head.setUint8(8, algorithms.indexOf(this.algorithm))
    state.set(saved, headLength)
    return state
  }
}

const algorithms: readonly DigestAlgorithm[] = ['sha256', 'sha512']
/** Offset and algorithm stand before the state: a process that knows nothing of it may have moved the offset on. */
const headLength = 9

/** A hash that has seen nothing. */
export async function movingHash(algorithm: DigestAlgorithm): Promise<ContentHash> {
  return new MovingHash(algorithm, await newHasher(algorithm))
}

/** @returns undefined where the state is of another offset or algorithm, or of a library that counts otherwise */
export async function resumeMovingHash(
  state: Uint8Array,
  offset: number,
  algorithm: DigestAlgorithm,
): Promise<ContentHash | undefined> {
  if (state.length <= headLength) return undefined
  const head = new DataView(state.buffer, state.byteOffset, state.byteLength)
  if (head.getBigUint64(0) !== BigInt(offset) || algorithms[head.getUint8(8)] !== algorithm) return undefined
  const hasher = await newHasher(algorithm)
  try {
    hasher.load(state.slice(headLength))
  } catch {
    return undefined
  }
  return new MovingHash(algorithm, hasher)
}

/** Loaded when it is first asked for: an embedded registry never does. */
async function newHasher(algorithm: DigestAlgorithm): Promise<IHasher> {
  const { createSHA256, createSHA512 } = await import('hash-wasm')
  const hasher = await (algorithm === 'sha256' ? createSHA256() : createSHA512())
  return hasher.init()
}
