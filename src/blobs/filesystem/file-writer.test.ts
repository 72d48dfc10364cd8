import { describe, expect, test } from 'bun:test'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { FakeFile } from '../../../test/support/fake-file.ts'
import { thrownBy } from '../../../test/support/thrown.ts'
import { FileWriter } from './file-writer.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

function writerOf(file: FakeFile, { offset = 0, syncName = async () => {} } = {}) {
  const closed: string[] = []
  const writer = new FileWriter(file.handle, offset, { syncName, closed: () => closed.push('closed') })
  return { writer, closed }
}

describe('writing', () => {
  test('keeps the order of chunks, however the disk takes them', async () => {
    const chunks = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 10 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 15 }), async (texts, most) => {
        const file = new FakeFile({ most })
        const { writer } = writerOf(file)
        for (const [index, text] of texts.entries()) {
          await writer.write(bytesOf(text))
          if (index % 3 === 0) await Bun.sleep(0)
        }
        await writer.sync()
        expect(file.text).toBe(texts.join(''))
      }),
      { numRuns: 30 },
    )
  })

  test('goes on from the offset that it is given', async () => {
    const file = new FakeFile()
    const { writer } = writerOf(file, { offset: 5 })
    await writer.write(bytesOf('more'))
    await writer.sync()
    expect(file.done).toEqual(['write 5+4', 'sync'])
  })

  test('gathers what comes while a write runs into the next one', async () => {
    const file = new FakeFile()
    const { writer } = writerOf(file)
    file.hold()
    for (const text of ['one,', 'two,', 'three']) void writer.write(bytesOf(text))
    file.letGo()
    await writer.sync()
    expect(file.done).toEqual(['write 0+4', 'write 4+9', 'sync'])
  })

  test('holds the sender back when much waits for the disk, and lets him go on when it is written', async () => {
    const file = new FakeFile()
    const { writer } = writerOf(file)
    file.hold()
    const mebibyte = new Uint8Array(1024 * 1024)
    const answers = Array.from({ length: 5 }, () => writer.write(mebibyte))
    expect(answers.slice(0, 4).every((answer) => answer === undefined)).toBe(true)
    expect(answers[4]).toBeInstanceOf(Promise)
    file.letGo()
    await answers[4]
    expect(writer.write(bytesOf('more'))).toBeUndefined()
    await writer.sync()
    expect(file.text).toHaveLength(5 * 1024 * 1024 + 4)
  })

  test('tells the disk to start long before the end of a large object', async () => {
    const file = new FakeFile()
    const { writer } = writerOf(file)
    const piece = new Uint8Array(8 * 1024 * 1024)
    for (let written = 0; written < 10; written += 1) await writer.write(piece)
    await writer.sync()
    expect(file.done.indexOf('datasync')).toBeGreaterThan(0)
    expect(file.done.indexOf('datasync')).toBeLessThan(file.done.indexOf('sync'))
  })

  test('takes more chunks at once than the system takes buffers', async () => {
    const path = join(await temporaryDirectory(), 'upload')
    const writer = new FileWriter(await open(path, 'w'), 0, { syncName: async () => {}, closed: () => {} })
    const expected = Array.from({ length: 5000 }, (_, index) => `${index},`)
    for (const text of expected) void writer.write(bytesOf(text))
    await writer.sync()
    await writer.close()
    expect(await readFile(path, 'utf8')).toBe(expected.join(''))
  })
})

describe('making durable', () => {
  test('syncs the bytes when everything is written, and the name after them', async () => {
    const file = new FakeFile()
    const { writer } = writerOf(file, {
      syncName: async () => {
        file.done.push('name')
      },
    })
    void writer.write(bytesOf('all'))
    await writer.keep()
    expect(file.done).toEqual(['write 0+3', 'sync', 'name'])
  })

  test('says when there is no room left, and does not sync', async () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    const file = new FakeFile({ failAt: { bytes: 3, error: full } })
    const { writer } = writerOf(file)
    void writer.write(bytesOf('abc'))
    void writer.write(bytesOf('def'))
    await expect(writer.sync()).rejects.toMatchObject({ code: 'STORAGE_FULL', cause: full })
    expect(file.done).not.toContain('sync')
  })

  test('refuses chunks after a write that failed', async () => {
    const failure = Object.assign(new Error('broken'), { code: 'EIO' })
    const { writer } = writerOf(new FakeFile({ failAt: { bytes: 0, error: failure } }))
    await writer.write(bytesOf('abc'))
    await writer.sync().catch(() => undefined)
    expect(thrownBy(() => writer.write(bytesOf('def')))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  test('fails where the name can not be made durable', async () => {
    const { writer } = writerOf(new FakeFile(), {
      syncName: () => Promise.reject(Object.assign(new Error('gone'), { code: 'EROFS' })),
    })
    await expect(writer.keep()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })
})

describe('giving up', () => {
  test('discarding drops what this writer wrote and keeps what was there', async () => {
    const file = new FakeFile()
    const first = writerOf(file).writer
    await first.write(bytesOf('kept'))
    await first.sync()
    const { writer } = writerOf(file, { offset: 4 })
    void writer.write(bytesOf(' dropped'))
    await writer.discard()
    expect(file.text).toBe('kept')
  })

  test('discarding waits for the write that runs: nothing lands behind it', async () => {
    const file = new FakeFile()
    const { writer } = writerOf(file)
    file.hold()
    for (const text of ['one', 'two']) void writer.write(bytesOf(text))
    const discarded = writer.discard()
    await Bun.sleep(1)
    expect(file.done).toEqual([])
    file.letGo()
    await discarded
    await Bun.sleep(1)
    expect(file.done).toEqual(['write 0+3', 'truncate 0'])
  })

  test('a writer that was revoked writes no more, and can not claim that its bytes are durable', async () => {
    const file = new FakeFile()
    const { writer } = writerOf(file)
    file.hold()
    for (const text of ['one', 'two']) void writer.write(bytesOf(text))
    const revoked = writer.revoke()
    file.letGo()
    await revoked
    expect(thrownBy(() => writer.write(bytesOf('three')))).toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
    await expect(writer.sync()).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
    await expect(writer.keep()).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
    expect(file.text).toBe('one')
  })
})

describe('closing', () => {
  test('waits for what is still to be written', async () => {
    const file = new FakeFile()
    const { writer, closed } = writerOf(file)
    void writer.write(bytesOf('last'))
    await writer.close()
    expect(file.done).toEqual(['write 0+4', 'close'])
    expect(closed).toEqual(['closed'])
  })

  test('happens after a failure too, and does not throw it again', async () => {
    const file = new FakeFile({ failAt: { bytes: 0, error: new Error('broken') } })
    const { writer, closed } = writerOf(file)
    void writer.write(bytesOf('lost'))
    await writer.close()
    expect(file.done).toEqual(['close'])
    expect(closed).toEqual(['closed'])
  })
})
