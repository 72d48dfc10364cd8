import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import { temporaryDirectory } from '../../../../test/support/berth.ts'
import { encodeFrame, headLength } from './frames.ts'
import { readFrames } from './read-file.ts'
import { decodeRecords, encodeRecords, type JournalRecord } from './records.ts'

const directory = await temporaryDirectory()
let files = 0

async function framesOf(bytes: Uint8Array) {
  files += 1
  const path = join(directory, `${files}.log`)
  await Bun.write(path, bytes)
  return [...readFrames(path)]
}

function fileOf(contents: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    contents.map((content, index) =>
      encodeFrame({ kind: 'records', count: 1, before: index, at: index }, [content]),
    ),
  )
}

const content = fc.uint8Array({ maxLength: 60 })
const contents = fc.array(content, { minLength: 1, maxLength: 8 })

describe('a file of the journal', () => {
  test('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (written) => {
        const frames = await framesOf(fileOf(written))
        expect(frames).toEqual(
          written.map((bytes, index) => ({
            kind: 'records',
            count: 1,
            before: index,
            at: index,
            content: bytes,
          })),
        )
      }),
      { numRuns: 50 },
    )
  })

  test('that ends anywhere is told up to the last whole frame, and what is behind it is a tail', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.nat(), async (written, cut) => {
        const whole = fileOf(written)
        const bytes = whole.subarray(0, cut % whole.length)
        const frames = await framesOf(bytes)
        const sound = frames.flatMap((frame) => (frame.kind === 'records' ? [frame] : []))
        const length = sound.reduce((sum, frame) => sum + headLength + frame.content.length, 0)
        expect(sound.map((frame) => frame.content)).toEqual(written.slice(0, sound.length))
        const rest = frames.filter((frame) => frame.kind === 'damage')
        expect(rest).toEqual(
          length === bytes.length
            ? []
            : [{ kind: 'damage', from: length, to: bytes.length, records: undefined, tail: true }],
        )
      }),
      { numRuns: 100 },
    )
  })

  test('with a byte changed loses that frame alone, and says how many records it held', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { minLength: 2, maxLength: 8 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (written, where, change) => {
          const bytes = fileOf(written)
          const hit = where % bytes.length
          bytes[hit] = (bytes[hit] ?? 0) ^ change
          let end = 0
          const index = written.findIndex((part) => {
            end += headLength + part.length
            return hit < end
          })
          const frames = await framesOf(bytes)
          expect(frames.flatMap((frame) => (frame.kind === 'records' ? [frame.content] : []))).toEqual(
            written.filter((_, at) => at !== index),
          )
          const last = index === written.length - 1
          expect(frames.filter((frame) => frame.kind === 'damage')).toEqual([
            {
              kind: 'damage',
              from: end - headLength - (written[index]?.length ?? 0),
              to: end,
              records: last ? undefined : 1,
              tail: last,
            },
          ])
        },
      ),
      { numRuns: 200 },
    )
  })

  test('finds the next frame behind megabytes of damage', async () => {
    const [first, second] = [fileOf([new Uint8Array(10)]), fileOf([new Uint8Array([1, 2, 3])])]
    for (const gap of [1024 * 1024 - 2, 1024 * 1024 - 1, 1024 * 1024, 2_500_000]) {
      const frames = await framesOf(Buffer.concat([first, new Uint8Array(gap), second]))
      expect(frames.map(({ kind }) => kind)).toEqual(['records', 'damage', 'records'])
    }
  })
})

test('records hold texts, numbers, nothing and bytes as they were', () => {
  const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.constant(null), fc.uint8Array())
  const record = fc.oneof(
    fc.record({ table: fc.string(), is: fc.constant('so' as const), values: fc.array(value) }),
    fc.record({ table: fc.string(), is: fc.constant('gone' as const), key: fc.array(value) }),
  )
  fc.assert(
    fc.property(fc.array(record), (records: JournalRecord[]) => {
      expect(decodeRecords(Buffer.concat(encodeRecords(records)))).toEqual(records)
    }),
  )
})
