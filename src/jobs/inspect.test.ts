import { expect, test } from 'bun:test'
import { type MemoryRegistry, memoryRegistry } from '../../test/support/memory-registry.ts'
import { type Inspection, inspect } from './inspect.ts'

const content = 'some bytes of a layer'

async function stored(more: Partial<Inspection> = {}) {
  const registry = await memoryRegistry()
  const blob = { ...(await registry.store(content)), damaged: false }
  const job = (own: Partial<Inspection> = {}): Inspection => ({
    ...registry,
    pieceSize: 4,
    sleep: async () => undefined,
    ...more,
    ...own,
  })
  return { registry, blob, job }
}

/** The store, with reads that fail or lie as many times as told. */
function failing({ blobs }: MemoryRegistry, times: number, how: 'EIO' | 'lie'): MemoryRegistry['blobs'] {
  let left = times
  const readObject: typeof blobs.readObject = async function* (key, pieceSize) {
    left -= 1
    if (left >= 0 && how === 'EIO') throw new Error('EIO: i/o error, read')
    for await (const piece of blobs.readObject(key, pieceSize))
      yield left >= 0 ? new Uint8Array(piece.length) : piece
  }
  return Object.assign(Object.create(blobs), {
    readObject,
    size: (key: string) => blobs.size(key),
  })
}

test('an object whose bytes have the digest is sound', async () => {
  const { blob, job } = await stored()
  expect(await inspect(job(), blob)).toEqual({ state: 'sound', doubt: undefined })
})

test('other bytes of the same length are damage', async () => {
  const { registry, blob, job } = await stored()
  await registry.overwrite(blob.objectKey, content.replace('layer', 'later'))
  expect(await inspect(job(), blob)).toMatchObject({
    state: 'damaged',
    reason: expect.stringMatching(/^has the digest sha256:[0-9a-f]{64}$/),
  })
})

test('another length is damage, in either direction', async () => {
  const { registry, blob, job } = await stored()
  for (const other of ['', content.slice(1), `${content}!`]) {
    await registry.overwrite(blob.objectKey, other)
    expect(await inspect(job(), blob)).toEqual({
      state: 'damaged',
      reason: `has ${other.length} bytes instead of ${content.length}`,
    })
  }
})

test('an object that is gone is missing', async () => {
  const { registry, blob, job } = await stored()
  await registry.blobs.remove([blob.objectKey])
  expect(await inspect(job(), blob)).toMatchObject({ state: 'missing' })
})

test('one wrong read leaves a doubt, and no damage', async () => {
  const { registry, blob, job } = await stored()
  for (const how of ['EIO', 'lie'] as const) {
    const condition = await inspect(job({ blobs: failing(registry, 1, how) }), blob)
    expect(condition).toMatchObject({ state: 'sound', doubt: expect.stringMatching(/EIO|digest/) })
  }
})

test('an error that stays is told as it is, after a pause for the disk', async () => {
  const { registry, blob, job } = await stored()
  const pauses: number[] = []
  const sleep = async (milliseconds: number) => void pauses.push(milliseconds)
  expect(await inspect(job({ blobs: failing(registry, 2, 'EIO'), sleep }), blob)).toEqual({
    state: 'unreadable',
    reason: 'EIO: i/o error, read',
  })
  expect(pauses).toEqual([1000])
})

test('an object that was replaced or let go meanwhile is nobody’s concern', async () => {
  const { registry, blob, job } = await stored()
  await registry.metadata.change('quarantineBlob', blob)
  await registry.store(content)
  await registry.blobs.remove([blob.objectKey])
  expect(await inspect(job(), blob)).toEqual({ state: 'replaced' })
  expect(await inspect(job(), { ...blob, digest: `sha256:${'0'.repeat(64)}` as typeof blob.digest })).toEqual(
    {
      state: 'replaced',
    },
  )
})

test('ends between two pieces when it is told to', async () => {
  const { blob, job } = await stored()
  let asked = 0
  const stopped = () => {
    asked += 1
    return asked > 2
  }
  expect(await inspect(job({ stopped }), blob)).toEqual({ state: 'stopped' })
  expect(asked).toBe(3)
})

test('counts each byte to the pace, and opening as some of them', async () => {
  const { blob, job } = await stored()
  let taken = 0
  const take = (bytes: number) => {
    taken += bytes
    return undefined
  }
  await inspect(job({ pace: { take } }), blob)
  expect(taken).toBe(64 * 1024)
})
