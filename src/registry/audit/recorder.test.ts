import { expect, test } from 'bun:test'
import type { AuditEntry } from '../../metadata/audit/entry.ts'
import type { ChangesMetadata } from '../../metadata/metadata-store.ts'
import { AuditRecorder, type Happening } from './recorder.ts'

const happening: Happening = {
  who: 'alice',
  kind: 'user',
  account: 'u1',
  token: null,
  address: '192.0.2.7',
  request: 'r-1',
  action: 'manifest:pull',
  repository: 'team/app',
  digest: null,
  subject: null,
  detail: null,
  outcome: 'done',
}

function recorder() {
  const written: AuditEntry[] = []
  const clock = { now: 1000 }
  let failure: Error | undefined
  const metadata = {
    async change(_name: string, { entries }: { entries: readonly AuditEntry[] }) {
      if (failure) throw failure
      written.push(...entries)
    },
  } as unknown as ChangesMetadata
  const made = new AuditRecorder({
    metadata,
    pulls: 'private',
    now: () => clock.now,
    failed: () => undefined,
  })
  const fail = (error: Error | undefined) => {
    failure = error
  }
  return { recorder: made, written, clock, fail }
}

test('the same within some seconds is one entry, with when the first and the last of them were', async () => {
  const { recorder: made, written, clock } = recorder()
  made.happened(['a'], happening)
  clock.now = 1500
  made.happened(['a'], happening)
  made.happened(['b'], { ...happening, who: 'bob' })
  clock.now = 2000
  await made.flush()
  expect(written).toEqual([
    { ...happening, count: 2, age: 500, firstAge: 1000 },
    { ...happening, who: 'bob', count: 1, age: 500, firstAge: null },
  ])
  await made.flush()
  expect(written).toHaveLength(2)
})

test('what could not be written is written later, with what came in between', async () => {
  const { recorder: made, written, clock, fail } = recorder()
  made.happened(['a'], happening)
  fail(new Error('away'))
  await expect(made.flush()).rejects.toThrow('away')
  clock.now = 4000
  made.happened(['a'], happening)
  made.happened(['b'], happening)
  fail(undefined)
  await made.flush()
  expect(written).toMatchObject([
    { ...happening, count: 2, age: 0, firstAge: 3000 },
    { ...happening, count: 1 },
  ])
})

test('memory is bounded: how much was dropped is on record', async () => {
  const { recorder: made, written, fail } = recorder()
  fail(new Error('away'))
  for (let number = 0; number < 20_100; number += 1) made.happened(['key', `${number}`], happening)
  await expect(made.flush()).rejects.toThrow()
  expect(made.droppedInAll).toBeGreaterThanOrEqual(100)
  fail(undefined)
  await made.flush()
  expect(written[0]).toMatchObject({ action: 'audit:drop', who: 'server', count: made.droppedInAll })
  expect(written).toHaveLength(20_001)
})

test('nothing is lost when it stops', async () => {
  const { recorder: made, written } = recorder()
  made.start()
  made.happened(['a'], happening)
  await made.stop()
  expect(written).toHaveLength(1)
})
