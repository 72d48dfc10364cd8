import { expect, test } from 'bun:test'
import type { Metric } from '../lines/line.ts'
import { compare } from './compare.ts'

const sides = { subject: 'own', baseline: 'theirs' }
const rate: Metric = { key: 'rate', label: 'rate', unit: '/s', reach: { ratio: 2 } }

test('the ratio is the median of the rounds, not the ratio of the medians', () => {
  const figures = { own: [10, 40, 90], theirs: [10, 10, 30] }
  expect(compare({ metric: rate, figures, ...sides })).toEqual({
    figures: { own: 40, theirs: 10 },
    ratio: 3,
    reached: true,
  })
})

test('of times, less is better', () => {
  const metric: Metric = { ...rate, unit: 's' }
  const { ratio, reached } = compare({ metric, figures: { own: [2], theirs: [3] }, ...sides })
  expect(ratio).toBe(1.5)
  expect(reached).toBe(false)
})

test('an absolute goal needs no baseline', () => {
  const metric: Metric = { ...rate, unit: 'MiB', reach: { below: 100 } }
  const alone = compare({ metric, figures: { own: [99] }, subject: 'own', baseline: undefined })
  expect(alone.ratio).toBeUndefined()
  expect(alone.reached).toBe(true)
})

test('a side that failed leaves the goal undecided', () => {
  expect(compare({ metric: rate, figures: { theirs: [1] }, ...sides }).reached).toBeUndefined()
})
