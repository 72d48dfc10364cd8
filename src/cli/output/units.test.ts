import { expect, test } from 'bun:test'
import { countText, durationText, sizeText, timeText } from './units.ts'

test('sizes come in the largest unit that leaves a whole', () => {
  expect([0, 1023, 1024, 1536, 200 * 1024, 5 * 1024 ** 4].map(sizeText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '200 KiB',
    '5.0 TiB',
  ])
})

test('durations come in one unit or two', () => {
  expect([0, 850, 4200, 200_000, 7_500_000, 532_800_000, 604_800_000].map(durationText)).toEqual([
    '0 ms',
    '850 ms',
    '4.2 s',
    '3 min 20 s',
    '2 h 5 min',
    '6 d 4 h',
    '7 d',
  ])
})

test('counts agree with their noun', () => {
  expect([
    countText(0, 'tag'),
    countText(1, 'tag'),
    countText(12_345, 'tag'),
    countText(2, 'entry', 'entries'),
  ]).toEqual(['0 tags', '1 tag', '12,345 tags', '2 entries'])
})

test('times sort as texts', () => {
  expect(timeText(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('2026-01-02 03:04:05')
})
