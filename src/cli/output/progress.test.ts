import { expect, test } from 'bun:test'
import { showProgress } from './progress.ts'

function screen({ isTTY = true, columns = 80 } = {}) {
  const written: string[] = []
  const terminal = { isTTY, columns, write: (text: string) => written.push(text) }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told with
  return { terminal, last: () => (written.at(-1) ?? '').replace(/\r|\u001b\[K/g, ''), written }
}

test('says nothing where nobody watches', () => {
  const { terminal, written } = screen({ isTTY: false })
  const progress = showProgress({ label: 'verifying', unit: 'bytes', terminal })
  progress.update({ done: 1, total: 2 })
  progress.end()
  expect(written).toEqual([])
})

test('draws a bar with part, amount and rate', () => {
  let time = 0
  const { terminal, last } = screen()
  const progress = showProgress({ label: 'verifying', unit: 'bytes', terminal, now: () => time })
  time = 1000
  progress.update({ done: 1024 ** 2, total: 4 * 1024 ** 2 })
  expect(last()).toMatch(/^verifying {2}\[=+ +\] {3}25 % {2}1\.0 MiB of 4\.0 MiB {2}1\.0 MiB\/s$/)
})

test('stays within a narrow terminal', () => {
  const { terminal, last } = screen({ columns: 30 })
  const progress = showProgress({ label: 'collecting', unit: 'items', terminal })
  progress.update({ done: 100_000, total: 1_000_000 })
  expect(last().length).toBeLessThan(30)
})

test('draws the end even right after another line', () => {
  const { terminal, last } = screen()
  const progress = showProgress({ label: 'copying', unit: 'items', terminal, now: () => 0 })
  progress.update({ done: 1, total: 9 })
  progress.update({ done: 9, total: 9 })
  expect(last()).toContain('100 %')
})
