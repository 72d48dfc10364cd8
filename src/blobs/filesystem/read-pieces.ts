import { open } from 'node:fs/promises'

/** A file's bytes in pieces; while one is looked at, the next is read. */
export async function* readPieces(path: string, pieceSize: number): AsyncIterable<Uint8Array> {
  const file = await open(path, 'r')
  let reading: Promise<Uint8Array> | undefined
  let position = 0
  const readInto = async (buffer: Uint8Array): Promise<Uint8Array> => {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    position += bytesRead
    return buffer.subarray(0, bytesRead)
  }
  try {
    const length = Math.min(pieceSize, (await file.stat()).size + 1)
    let [buffer, other] = [new Uint8Array(length), new Uint8Array(length)]
    reading = readInto(buffer)
    for (;;) {
      const piece = await reading
      reading = undefined
      if (piece.length === 0) return
      ;[buffer, other] = [other, buffer]
      reading = readInto(buffer)
      yield piece
    }
  } finally {
    // A file is not closed under a read, and what nobody waits for must not fail unheard.
    await reading?.catch(() => undefined)
    await file.close()
  }
}
