import { expect, test } from 'bun:test'
import type { OwnerMethods } from '../contract.ts'
import { WorkerProcess } from './worker-process.ts'

/** A worker that is this program. */
function start(program: string): WorkerProcess {
  return new WorkerProcess({
    command: [process.execPath, '-e', program],
    lines: { write: () => undefined },
    methodsFor: (worker) =>
      ({ unable: async (error) => worker.isUnable(error) }) as Partial<OwnerMethods> as OwnerMethods,
  })
}

async function reasonOf(worker: WorkerProcess): Promise<unknown> {
  const reason = await worker.listening.catch((error) => error)
  await worker.ended
  return reason
}

test('a worker that ends before it serves is told of in words, with how it ended', async () => {
  expect(await reasonOf(start('process.exit(3)'))).toMatchObject({
    name: 'WorkerStartError',
    message: expect.stringContaining('ended with 3 before it served'),
  })
  expect(await reasonOf(start('process.kill(process.pid, "SIGKILL")'))).toMatchObject({
    name: 'WorkerStartError',
    message: expect.stringContaining('ended by SIGKILL before it served'),
  })
})

test('a worker that says why it can not serve is believed', async () => {
  const unable = { name: 'TypeError', message: 'the database does not answer' }
  const envelope = { asks: [{ id: 1, method: 'unable', argument: unable }], answers: [] }
  const program = `process.send(${JSON.stringify(envelope)}, () => setTimeout(() => process.exit(1), 200))`
  expect(await reasonOf(start(program))).toMatchObject({
    name: 'WorkerStartError',
    message: 'one of the processes could not start: the database does not answer',
  })
})
