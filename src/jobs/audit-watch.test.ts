import { expect, test } from 'bun:test'
import { createLogger } from '../logging/logger.ts'
import type { AuditState } from '../metadata/metadata-store.ts'
import { watchAudit } from './audit-watch.ts'

const minute = 60_000
const hash = 'a'.repeat(64)
const well: AuditState = {
  written: 5,
  waiting: 2,
  head: { number: 7, hash },
  lost: undefined,
  failure: undefined,
}

function watching() {
  const lines: string[] = []
  const clock = { now: 0 }
  const sink = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ level: 'info', format: 'text', sink: sink as never, now: () => 0 })
  const watch = watchAudit(logger, () => clock.now)
  const printed = () => lines.splice(0).join('')
  return { watch, clock, printed }
}

test('the log has an anchor at first and each hour, in the form that the command reads', () => {
  const { watch, clock, printed } = watching()
  watch.told(well)
  expect(printed()).toMatch(new RegExp(`audit anchor number=7 hash=${hash}`))
  clock.now = 59 * minute
  watch.told(well)
  expect(printed()).toBe('')
  clock.now = 61 * minute
  watch.told({ ...well, head: { number: 9, hash } })
  expect(printed()).toContain('number=9')
})

test('a chain that can not be written is told once a minute, and when it can again', () => {
  const { watch, clock, printed } = watching()
  watch.told({ ...well, head: undefined, failure: 'the disk is full' })
  expect(printed()).toContain('the disk is full')
  clock.now = minute - 1
  watch.told({ ...well, head: undefined, failure: 'the disk is full' })
  expect(printed()).toBe('')
  clock.now = minute
  watch.told({ ...well, head: undefined, failure: 'the disk is full' })
  expect(printed()).toContain('the disk is full')
  watch.told({ ...well, head: undefined })
  expect(printed()).toContain('sealed again')
})

test('a batch that is gone is told once', () => {
  const { watch, printed } = watching()
  const lost = { number: 3, hash }
  watch.told({ ...well, lost })
  expect(printed()).toContain('somebody changes its database')
  watch.told({ ...well, lost })
  expect(printed()).toBe('')
})

test('the metrics tell what was written, and what is not sealed', async () => {
  const { watch } = watching()
  watch.told(well)
  const values = await Promise.all(watch.measurements.map(({ read }) => read()))
  expect(values).toEqual([5, 2])
})
