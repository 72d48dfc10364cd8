import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

/** Writes that many MiB of data that doesn't compress, and resolves with its SHA-256 in hexadecimal. */
export async function writeRandomFile(path: string, mebibytes: number): Promise<string> {
  const hasher = new Bun.CryptoHasher('sha256')
  const file = createWriteStream(path)
  for (let written = 0; written < mebibytes; written++) {
    const chunk = randomMebibyte()
    hasher.update(chunk)
    if (!file.write(chunk)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
  return hasher.digest('hex')
}

/** getRandomValues takes no more than 64 KiB at a time. */
function randomMebibyte(): Uint8Array {
  const bytes = new Uint8Array(1024 * 1024)
  for (let offset = 0; offset < bytes.length; offset += 65_536) {
    crypto.getRandomValues(bytes.subarray(offset, offset + 65_536))
  }
  return bytes
}
