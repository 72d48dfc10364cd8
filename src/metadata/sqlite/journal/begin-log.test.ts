import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../../test/support/berth.ts'
import { openSqliteMetadataStore } from '../sqlite-metadata-store.ts'
import { beginLog } from './begin-log.ts'
import { encodeHead } from './head.ts'
import { JournalQueue } from './queue.ts'

test('a log that the database can’t be told of is closed again', async () => {
  const data = await temporaryDirectory()
  const path = join(data, 'metadata.sqlite')
  await (await openSqliteMetadataStore({ path, berth: '0.1.0' })).close()
  const database = new Database(path)
  database.run('PRAGMA query_only = ON')
  const directory = join(data, 'journal')
  const queue = new JournalQueue(database)
  const head = encodeHead({ berth: '0.1.0', at: 0 })

  await expect(beginLog({ directory, queue, head })).rejects.toThrow('readonly')
  expect(openFilesIn(directory)).toEqual([])

  database.run('PRAGMA query_only = OFF')
  const { log } = await beginLog({ directory, queue, head })
  expect(openFilesIn(directory)).toHaveLength(1)
  await log.close()
  database.close()
})

function openFilesIn(directory: string): string[] {
  const descriptors = '/proc/self/fd'
  return readdirSync(descriptors).flatMap((descriptor) => {
    try {
      const path = readlinkSync(join(descriptors, descriptor))
      return path.startsWith(directory) ? [path] : []
    } catch {
      // The descriptor with which the directory itself was read.
      return []
    }
  })
}
