import { closeSync, openSync, writeSync } from 'node:fs'

/** A file of random bytes that becomes a new blob at no cost: only its tail changes, and only that is hashed. */
export interface BigFile {
  readonly path: string
  readonly size: number
  /** Makes the file one that no registry has seen, and gives its digest. */
  renew(): string
}

const pieceSize = 16 * 1024 ** 2
const tailSize = 4096

export async function createBigFile(path: string, size: number): Promise<BigFile> {
  const hasher = new Bun.CryptoHasher('sha256')
  const file = openSync(path, 'w')
  const piece = Buffer.alloc(pieceSize)
  fillRandom(piece)
  for (let written = 0; written < size - tailSize; written += pieceSize) {
    // Enough to make every piece another one.
    fillRandom(piece.subarray(0, 65_536))
    const bytes = piece.subarray(0, Math.min(pieceSize, size - tailSize - written))
    hasher.update(bytes)
    writeSync(file, bytes)
    await Bun.sleep(0)
  }
  closeSync(file)
  const renew = () => {
    const tail = Buffer.alloc(tailSize)
    fillRandom(tail)
    const target = openSync(path, 'r+')
    writeSync(target, tail, 0, tailSize, size - tailSize)
    closeSync(target)
    return `sha256:${hasher.copy().update(tail).digest('hex')}`
  }
  return { path, size, renew }
}

function fillRandom(bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
}
