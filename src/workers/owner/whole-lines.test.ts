import { expect, test } from 'bun:test'
import { passLines } from './whole-lines.ts'

async function* chunksOf(...chunks: Uint8Array[]) {
  yield* chunks
}

test('passes whole lines on, wherever they were cut', async () => {
  const passed: string[] = []
  const bytes = new TextEncoder().encode('one\ntwö\nthr')
  const pieces = [bytes.subarray(0, 2), bytes.subarray(2, 7), bytes.subarray(7)]
  await passLines(chunksOf(...pieces), { write: (line) => void passed.push(line) })
  expect(passed).toEqual(['one\n', 'twö\n', 'thr\n'])
})
