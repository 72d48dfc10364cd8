/** The thread that writes, except that a change of a certain repository ends it in the middle of its transaction. */
import '../../src/metadata/sqlite/writer.worker.ts'
import { Database } from 'bun:sqlite'
import type { ToWriter } from '../../src/metadata/sqlite/writer-protocol.ts'

declare const self: Worker

const endsTheThread = 'ends/the-thread'

const real = self.onmessage
let database: Database | undefined
self.onmessage = (event: MessageEvent<ToWriter>) => {
  const { data } = event
  if (data.type === 'open') database = new Database(data.path)
  if (data.type === 'batch' && JSON.stringify(data.changes).includes(endsTheThread)) {
    database?.run('BEGIN IMMEDIATE')
    throw new Error('the test ends the thread')
  }
  return real?.call(self, event)
}
