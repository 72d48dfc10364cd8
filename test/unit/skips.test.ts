import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { requireHere } from '../support/require.ts'
import { readFiles } from './architecture/imports.ts'

const root = join(import.meta.dir, '../..')
const files = [
  ...(await readFiles(join(root, 'src'))).map(({ path, text }) => ({ path: `src/${path}`, text })),
  ...(await readFiles(join(root, 'test'))).map(({ path, text }) => ({ path: `test/${path}`, text })),
].filter(({ path }) => path !== 'test/unit/skips.test.ts')

/** What asks `requireHere`. */
const asks =
  /\b(?:require(?:Here|Tools|Postgres|S3|Slapd|Targets|Stores)|canTrace|canMount|distributionProgram)\(/

test('a suite that may be skipped asks for what it needs, so that CI fails where that is missing', () => {
  const skipping = files.filter(({ text }) => text.includes('.skipIf('))
  expect(skipping.length).toBeGreaterThan(20)
  expect(skipping.filter(({ text }) => !asks.test(text)).map(({ path }) => path)).toEqual([])
  const byItself = /skipIf\([^\n]*(?:testServer|postgresServer|process\.|existsSync|Bun\.)/
  expect(skipping.filter(({ text }) => byItself.test(text)).map(({ path }) => path)).toEqual([])
})

test('no test is skipped, or put off, without a condition', () => {
  const always = /\b(?:test|it|describe)\.(?:skip|todo|if|only|todoIf)\(/
  expect(files.filter(({ text }) => always.test(text)).map(({ path }) => path)).toEqual([])
})

test('one place alone decides what CI must not miss', () => {
  const deciding = files.filter(({ text }) => text.includes('process.env.CI')).map(({ path }) => path)
  expect(deciding.sort()).toEqual(['test/conformance/run.ts', 'test/support/require.ts'])
})

test('what is missing is an error in CI, and a line elsewhere', () => {
  const before = process.env.CI
  try {
    process.env.CI = 'true'
    expect(() => requireHere('a suite', ['no server'])).toThrow("a suite can't be tried here: no server")
    expect(requireHere('a suite', [])).toBe(true)
    delete process.env.CI
    expect(requireHere('a suite', ['no server'])).toBe(false)
  } finally {
    if (before !== undefined) process.env.CI = before
  }
})
