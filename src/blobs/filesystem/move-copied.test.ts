import { expect, test } from 'bun:test'
import { open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { copyOf, moveCopied } from './move-copied.ts'

test('whoever had the file open changes nothing of what it became', async () => {
  const directory = await temporaryDirectory()
  const [from, to] = [join(directory, 'upload'), join(directory, 'object')]
  await writeFile(from, 'the right bytes')
  const late = await open(from, 'r+')
  await moveCopied(from, to)
  await late.write('spoiled', 0)
  await late.close()
  expect(await readFile(to, 'utf8')).toBe('the right bytes')
  expect(await readdir(directory)).toEqual(['object'])
})

test('a crash after the copy is no hindrance, and a file that is gone is told', async () => {
  const directory = await temporaryDirectory()
  const [from, to] = [join(directory, 'upload'), join(directory, 'object')]
  await writeFile(from, 'all of it')
  await writeFile(copyOf(from), 'a part')
  await moveCopied(from, to)
  expect(await readFile(to, 'utf8')).toBe('all of it')
  await expect(moveCopied(from, to)).rejects.toMatchObject({ code: 'ENOENT' })
})
