import { expect, test } from 'bun:test'
import type { ChangesMetadata } from '../metadata/metadata-store.ts'
import { storedRates } from './stored-rates.ts'

const keys = { pair: 'alice 192.0.2.1', address: '192.0.2.1', account: 'alice' }

function counted(left: number) {
  let now = 0
  let rows = left
  const asked: string[] = []
  const change = async (name: string, args: { limit?: number }) => {
    asked.push(name)
    if (name !== 'expireRates') return { counted: ['pair'] }
    const gone = Math.min(rows, args.limit ?? 0)
    rows -= gone
    return gone
  }
  const rates = storedRates({ change } as unknown as ChangesMetadata, () => now)
  return {
    rates,
    asked,
    pass: (time: number) => {
      now += time
    },
  }
}

test('whoever counts forgets once a minute what counts no more, all of it', async () => {
  const { rates, asked, pass } = counted(2500)
  await rates.beginSignIn(keys)
  expect(asked).toEqual(['beginSignIn'])
  pass(60_000)
  for (let time = 0; time < 5; time += 1) await rates.beginSignIn(keys)
  await Bun.sleep(1)
  expect(asked.filter((name) => name === 'expireRates')).toHaveLength(4)
  pass(60_000)
  await rates.sharePulls([])
  await Bun.sleep(1)
  expect(asked.filter((name) => name === 'expireRates')).toHaveLength(5)
})
