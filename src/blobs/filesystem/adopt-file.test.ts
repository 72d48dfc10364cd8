import { expect, test } from 'bun:test'
import { existsSync, statSync } from 'node:fs'
import { chown, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { lackingRoot, requireHere } from '../../../test/support/require.ts'
import { adoptFile } from './adopt-file.ts'

async function file(directory: string) {
  const path = join(directory, 'file')
  await writeFile(path, 'bytes')
  return { path, handle: await open(path, 'r') }
}

test('links the file itself: nothing is copied', async () => {
  const directory = await temporaryDirectory()
  const source = await file(directory)
  expect(await adoptFile(source, join(directory, 'object'))).toBeUndefined()
  expect((await stat(join(directory, 'object'))).ino).toBe((await source.handle.stat()).ino)
  await source.handle.close()
})

const otherFilesystem = '/dev/shm'
const hasOther = requireHere(
  'a file on another filesystem',
  existsSync(otherFilesystem) && statSync(otherFilesystem).dev !== statSync(tmpdir()).dev
    ? []
    : [`${otherFilesystem} is none`],
)
const isRoot = requireHere('a file of another user', lackingRoot())

test.skipIf(!hasOther)('says that a file lies on another filesystem', async () => {
  const directory = await temporaryDirectory()
  const elsewhere = await mkdtemp(join(otherFilesystem, 'berth-test-'))
  try {
    const source = await file(elsewhere)
    expect(await adoptFile(source, join(directory, 'object'))).toBe('elsewhere')
    expect(existsSync(join(directory, 'object'))).toBe(false)
    await source.handle.close()
  } finally {
    await rm(elsewhere, { recursive: true })
  }
})

test.skipIf(!isRoot)('takes no file of another user, who could write to it', async () => {
  const directory = await temporaryDirectory()
  const source = await file(directory)
  await chown(source.path, 65_534, 65_534)
  expect(await adoptFile(source, join(directory, 'object'))).toBe('foreign')
  expect(existsSync(join(directory, 'object'))).toBe(false)
  await source.handle.close()
})
