import { expect, test } from 'bun:test'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/berth.ts'
import type { Form } from './forms.ts'
import { NoResults, readResults } from './results.ts'
import { complaints, summary } from './verdict.ts'

const form: Form = {
  name: 'in this test',
  berth: {},
  program: {},
  off: { 'data.sparse': 'for a test' },
  leastTests: 3,
}

const junit = `<testsuites time="1.8" tests="3">
  <testsuite name="OCI" tests="3" failures="0" errors="0">
    <testcase name="OCI/ping" classname="" status="passed"><system-err>&lt;testcase status=&#34;failure&#34;&gt;</system-err></testcase>
    <testcase name="OCI/tags" classname="" status="passed"></testcase>
    <testcase name="OCI/blobs" classname="" status="passed"></testcase>
  </testsuite>
</testsuites>`

const failing = junit
  .replace('tests="3"', 'tests="3" failures="1"')
  .replace(
    '"OCI/tags" classname="" status="passed">',
    '"OCI/tags" classname="" status="failure"><system-out>expected &#34;a&#34;,&#xA;received b</system-out>',
  )

const yaml = `config:
  apis: { pull: true, blobs: { atomic: true } }
  data: { image: true, sparse: false }
apis: {}
`

async function written(files: Record<string, string>): Promise<string> {
  const directory = await temporaryDirectory()
  for (const [name, content] of Object.entries(files)) await Bun.write(join(directory, name), content)
  return directory
}

async function results(files: { junit?: string; yaml?: string } = {}) {
  const directory = await written({ 'junit.xml': files.junit ?? junit, 'results.yaml': files.yaml ?? yaml })
  return readResults(directory, { since: 0 })
}

test('finds nothing wrong when every test passed', async () => {
  const passing = await results()
  expect(complaints(form, passing)).toEqual([])
  expect(summary(passing)).toBe('3 passed, 0 failed, 0 skipped, 0 disabled')
})

test('fails without a results file', async () => {
  const directory = await written({ 'results.yaml': yaml })
  await expect(readResults(directory, { since: 0, printed: 'no config' })).rejects.toThrow('no config')
})

test('fails when the results file is another run’s', async () => {
  const directory = await written({ 'junit.xml': junit, 'results.yaml': yaml })
  const started = Date.now()
  await utimes(join(directory, 'junit.xml'), new Date(started - 60_000), new Date(started - 60_000))
  await expect(readResults(directory, { since: started - 30_000 })).rejects.toThrow(NoResults)
})

test('fails when the results file holds no suites, or was cut off', async () => {
  await expect(results({ junit: '' })).rejects.toThrow(NoResults)
  await expect(results({ yaml: '' })).rejects.toThrow(NoResults)
})

test('fails when short of tests', async () => {
  expect(complaints({ ...form, leastTests: 4 }, await results())).toEqual([
    'only 3 tests ran; there must be at least 4',
  ])
})

test('names a test that failed, with what the program says of it', async () => {
  const failed = await results({ junit: failing })
  expect(failed.counts).toEqual({ total: 3, passed: 2, failed: 1, skipped: 0, disabled: 0 })
  expect(complaints(form, failed)).toEqual(['failure: OCI/tags\n    expected "a",\n    received b'])
})

test('fails for a failure that has no test case', async () => {
  const failed = await results({ junit: junit.replace('tests="3"', 'tests="3" errors="1"') })
  expect(complaints(form, failed)).toEqual(['1 tests failed without a test case of their own'])
})

test('fails when a test was skipped or disabled', async () => {
  const skipped = await results({ junit: junit.replace('tests="3"', 'tests="3" skipped="1" disabled="1"') })
  expect(complaints(form, skipped)).toHaveLength(2)
})

test('fails when a switch is off without a reason, or on against it', async () => {
  const without = await results({ yaml: yaml.replace('atomic: true', 'atomic: false') })
  expect(complaints(form, without)).toEqual(['apis.blobs.atomic was switched off, and no reason is known'])
  const against = await results({ yaml: yaml.replace('sparse: false', 'sparse: true') })
  expect(complaints(form, against)).toEqual(['data.sparse was to be off (for a test), but was on'])
})
