import { expect, test } from 'bun:test'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { digestOf } from '../../oci/digest.ts'
import { committedKey } from './paths.ts'
import { listStoredObjects, readObject } from './stored-objects.ts'

const content = new TextEncoder().encode('some bytes')

async function put(data: string, path: string, bytes = content): Promise<void> {
  await mkdir(dirname(join(data, path)), { recursive: true })
  await writeFile(join(data, path), bytes)
}

test('tells every object by its name and size, and names what is none', async () => {
  const data = await temporaryDirectory()
  const [short, long] = [digestOf(content), digestOf(content, 'sha512')]
  const keys = [committedKey('one', short), committedKey('two', short), committedKey('three', long)]
  for (const key of keys) await put(data, key)
  const misplaced = keys[0]?.replace(/sha256\/../, 'sha256/zz') ?? ''
  const strange = ['blobs/sha256/loose', misplaced, `${keys[0]}.partial`]
  for (const path of strange) await put(data, path)
  const objects: unknown[] = []
  const others: string[] = []
  const uploads: string[] = []
  await put(data, 'uploads/some-id')
  for await (const entry of listStoredObjects(data)) {
    if ('strange' in entry) others.push(entry.strange)
    else if ('upload' in entry) uploads.push(entry.upload)
    else objects.push({ key: entry.key, digest: entry.digest, size: entry.size })
  }
  const found = (key: string | undefined, digest: string) => ({ key, digest, size: content.length })
  expect(objects).toHaveLength(3)
  expect(objects).toContainEqual(found(keys[0], short))
  expect(objects).toContainEqual(found(keys[1], short))
  expect(objects).toContainEqual(found(keys[2], long))
  expect(uploads).toEqual(['uploads/some-id'])
  expect(others.sort()).toEqual(strange.sort())
})

test('a directory that is not there holds nothing', async () => {
  const data = await temporaryDirectory()
  expect(await Array.fromAsync(listStoredObjects(data))).toEqual([])
})

test.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_000])(
  'reads an object of %i bytes to its end, and hands on each piece once',
  async (size) => {
    const data = await temporaryDirectory()
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)))
    const whole = new Uint8Array(size).map((_, index) => bytes[index % bytes.length] ?? 0)
    await put(data, 'object', whole)
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const pieces: Uint8Array[] = []
      const read = await readObject(join(data, 'object'), digestOf(whole, algorithm), (piece) => {
        pieces.push(piece.slice())
      })
      expect(read).toEqual({ digest: digestOf(whole, algorithm), size })
      expect(Buffer.compare(Buffer.concat(pieces), whole)).toBe(0)
    }
  },
)
