import { expect, test } from 'bun:test'
import type { Logger } from '../logging/logger.ts'
import { watchJournal } from './journal-watch.ts'

function setUp() {
  const lines: string[] = []
  let time = 1_000_000
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message.slice(0, 36)}`)
  const logger = { error: write('error'), info: write('info'), warn: write('warn') } as unknown as Logger
  const watch = watchJournal(logger, () => time)
  const figures = () => Object.fromEntries(watch.measurements.map(({ name, read }) => [name, read()]))
  const pass = (milliseconds: number) => {
    time += milliseconds
  }
  return { watch, lines, figures, pass }
}

const sound = { waiting: 0, completeAt: 1_000_000, failure: undefined }
const failing = { waiting: 7, completeAt: 1_000_000, failure: 'no space left' }

test('a failure is told at once, again each minute, and when it is over', () => {
  const { watch, lines, pass } = setUp()
  watch.told(sound)
  expect(lines).toEqual([])
  for (let second = 0; second < 61; second += 1) {
    watch.told(failing)
    pass(1000)
  }
  const error = 'error the journal can not be written: push'
  expect(lines).toEqual([error, error])
  watch.told(sound)
  watch.told(sound)
  expect(lines).toEqual([error, error, 'info the journal is written again'])
  watch.told(failing)
  expect(lines).toHaveLength(4)
})

test('the lag is the age of what waits, and nothing when nothing does', () => {
  const { watch, figures, pass } = setUp()
  expect(figures()).toEqual({ berth_journal_lag_rows: 0, berth_journal_lag_seconds: 0 })
  watch.told(failing)
  pass(90_000)
  expect(figures()).toEqual({ berth_journal_lag_rows: 7, berth_journal_lag_seconds: 90 })
  watch.told(sound)
  expect(figures()).toEqual({ berth_journal_lag_rows: 0, berth_journal_lag_seconds: 0 })
})
