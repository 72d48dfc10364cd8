import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { manifest, tag } from '../contract/fixtures.ts'
import { openSqliteMetadataStore } from './sqlite-metadata-store.ts'
import { SqliteWriter } from './writer.ts'

const endingThread = new URL('../../../test/support/ending-writer.worker.ts', import.meta.url).href

test('a thread that ends refuses what waits for it, and the next change starts another', async () => {
  const data = await temporaryDirectory()
  const path = join(data, 'metadata.sqlite')
  const writer = await SqliteWriter.open({ path, berth: '0.1.0', journal: null, module: endingThread })
  const push = (name: string, repository = 'team/app') =>
    writer.change('putManifest', { ...manifest(name, { tags: [tag(name)] }), repository } as never)
  await push('before')
  const [ending, beside] = await Promise.allSettled([push('ends', 'ends/the-thread'), push('beside')])
  for (const outcome of [ending, beside]) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORAGE_UNAVAILABLE' } })
  }
  await push('after')
  await writer.close()

  const store = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  expect<string[]>(await store.listTags({ repository: 'team/app' as never, limit: 10 })).toEqual([
    'after',
    'before',
  ])
  await store.close()
})
