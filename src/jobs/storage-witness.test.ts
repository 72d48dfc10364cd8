import { expect, test } from 'bun:test'
import { type MemoryRegistry, memoryRegistry } from '../../test/support/memory-registry.ts'
import { StorageWitness } from './storage-witness.ts'

async function storing(count: number): Promise<{ registry: MemoryRegistry; keys: string[] }> {
  const registry = await memoryRegistry()
  const keys: string[] = []
  for (let index = 0; index < count; index += 1) keys.push((await registry.store(`blob ${index}`)).objectKey)
  return { registry, keys }
}

test('one of many that can be read says that the storage is there', async () => {
  const { registry, keys } = await storing(40)
  await registry.blobs.remove(keys.slice(0, 20))
  expect(await new StorageWitness(registry).look()).toBe('there')
})

test('it is away when not one of many can be read', async () => {
  const { registry, keys } = await storing(60)
  await registry.blobs.remove(keys)
  expect(await new StorageWitness(registry).look()).toBe('away')
})

test('a few that are all gone tell nothing', async () => {
  const { registry, keys } = await storing(3)
  await registry.blobs.remove(keys)
  expect(await new StorageWitness(registry).look()).toBe('unknown')
})

test('the one that was read last is asked first, and not believed for ever', async () => {
  const { registry, keys } = await storing(60)
  const [last] = await registry.metadata.listBlobs({ after: '', limit: 1 })
  if (!last) throw new Error('no blob')
  await registry.blobs.remove(keys.filter((key) => key !== last.objectKey))
  const witness = new StorageWitness(registry)
  witness.saw(last)
  expect(await witness.look()).toBe('there')
  await registry.blobs.remove([last.objectKey])
  expect(await witness.look()).toBe('away')
})
