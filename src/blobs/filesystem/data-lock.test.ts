import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { DataInUseError, lockData } from './data-lock.ts'

const source = join(import.meta.dir, 'data-lock.ts')

/** Another process that locks the directory, says how that went, and stays until it is killed. */
async function lockElsewhere(data: string) {
  const program = `
    import { lockData } from ${JSON.stringify(source)}
    try {
      globalThis.lock = lockData(${JSON.stringify(data)})
      console.log('locked')
    } catch (error) {
      console.log(error.name)
    }
    setInterval(() => {}, 1000)
  `
  const child = Bun.spawn([process.execPath, '--eval', program], { stdout: 'pipe', stderr: 'inherit' })
  const { value } = await child.stdout.getReader().read()
  return {
    said: new TextDecoder().decode(value).trim(),
    async kill() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

test('the second process is refused, and told which directory it is', async () => {
  const data = await temporaryDirectory()
  const other = await lockElsewhere(data)
  expect(other.said).toBe('locked')
  expect(() => lockData(data)).toThrow(DataInUseError)
  expect(() => lockData(data)).toThrow(data)
  await other.kill()
})

test('another process is refused while this one has the directory', async () => {
  const data = await temporaryDirectory()
  const lock = lockData(data)
  const other = await lockElsewhere(data)
  expect(other.said).toBe('DataInUseError')
  await other.kill()
  lock.release()
})

test('the lock is gone with a process that was killed', async () => {
  const data = await temporaryDirectory()
  const other = await lockElsewhere(data)
  await other.kill()
  lockData(data).release()
})

test('a lock that was released can be taken again', async () => {
  const data = await temporaryDirectory()
  lockData(data).release()
  const other = await lockElsewhere(data)
  expect(other.said).toBe('locked')
  await other.kill()
})

test('two directories have two locks', async () => {
  const locks = [lockData(await temporaryDirectory()), lockData(await temporaryDirectory())]
  for (const lock of locks) lock.release()
})

test('a directory that is missing is no directory in use', async () => {
  const missing = join(await temporaryDirectory(), 'missing')
  expect(() => lockData(missing)).not.toThrow(DataInUseError)
  expect(() => lockData(missing)).toThrow()
})
