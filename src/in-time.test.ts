import { expect, test } from 'bun:test'
import { away, inTime, unlessAway } from './in-time.ts'
import { RegistryError } from './oci/errors.ts'

const never = () => new Promise<never>(() => undefined)

test('an answer in time is the answer', async () => {
  expect(await inTime(Promise.resolve(1), 1000)).toBe(1)
  expect(await unlessAway(Promise.resolve(undefined))).toBeUndefined()
})

test('who does not answer in time is away', async () => {
  expect(await inTime(never(), 5)).toBe(away)
  expect(await unlessAway(never(), 5)).toBe(away)
})

test('a storage that says that it can’t answer is away, and other failures are told', async () => {
  const refusal = () => Promise.reject(new RegistryError('STORAGE_UNAVAILABLE', 'the bucket is away'))
  expect(await unlessAway(refusal())).toBe(away)
  expect(await inTime(refusal(), 1000).catch((error: RegistryError) => error.code)).toBe(
    'STORAGE_UNAVAILABLE',
  )
  const fault = Promise.reject(new TypeError('a mistake'))
  expect(await unlessAway(fault).catch((error: Error) => error.message)).toBe('a mistake')
})

test('no timer holds up the end of a process that has its answer', async () => {
  const program = `import { inTime, unlessAway } from './in-time.ts'
    console.log(await inTime(Promise.resolve(1), 60_000), await unlessAway(Promise.resolve(2), 60_000))`
  const child = Bun.spawn([process.execPath, '-e', program], { cwd: import.meta.dir, stdout: 'pipe' })
  const ended = await inTime(child.exited, 20_000)
  child.kill()
  expect(ended).toBe(0)
  expect(await child.stdout.text()).toBe('1 2\n')
})

test('who may wait for longer than a timer can be set for does not give up at once', async () => {
  const answer = Bun.sleep(30).then(() => 'late')
  expect(await inTime(answer, 40 * 86_400_000)).toBe('late')
})
