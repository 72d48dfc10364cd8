import { expect, test } from 'bun:test'
import { readAnchors } from './anchors.ts'

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]

test('reads anchors as the command prints them, as the log has them, and as JSON', () => {
  const text = [
    `number=12 hash=${a}`,
    `2026-11-29T15:00:00.000Z info audit anchor number=7 hash=${b}`,
    `{"time":"2026-11-29T15:00:00.000Z","level":"info","message":"audit anchor","number":9,"hash":"${a}"}`,
    `{\n  "anchor": {\n    "number": 10,\n    "hash": "${b}"\n  }\n}`,
    'number=13 hash=0123',
    'nothing of the kind',
  ].join('\n')
  expect(readAnchors(text)).toEqual([
    { number: 7, hash: b },
    { number: 9, hash: a },
    { number: 10, hash: b },
    { number: 12, hash: a },
  ])
})
