import { expect, test } from 'bun:test'
import { createLogger } from '../../logging/logger.ts'
import { ExpiryWarning } from './expiry-warning.ts'
import type { KeyPair } from './key-pair.ts'

const day = 86_400_000
const now = Date.UTC(2026, 0, 1)

function warned(pair: Pick<KeyPair, 'begins' | 'expires'>, times: readonly number[] = [now]): string[] {
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line) }
  const warning = new ExpiryWarning(createLogger({ level: 'debug', format: 'text', sink, now: () => now }))
  const whole = { ...pair, certificate: '', key: '', subject: 'DNS:registry.example.com' }
  for (const time of times) warning.check(whole, time)
  return lines
}

const begins = now - day

test('says nothing more than fourteen days before a certificate expires', () => {
  expect(warned({ begins, expires: now + 14 * day + 1 })).toEqual([])
})

test('warns from fourteen days before, with whom it names and how long it has', () => {
  const [line] = warned({ begins, expires: now + 14 * day })
  expect(line).toContain('warn  the TLS certificate expires soon')
  expect(line).toContain('registry.example.com')
  expect(line).toContain('days_left=14')
})

test('warns once a day', () => {
  const expires = now + 10 * day
  expect(warned({ begins, expires }, [now, now + 5000, now + day - 1])).toHaveLength(1)
  expect(warned({ begins, expires }, [now, now + 5000, now + day])).toHaveLength(2)
})

test('calls an expired certificate an error', () => {
  expect(warned({ begins, expires: now - 1 })[0]).toContain('error the TLS certificate has expired')
})

test('warns of a certificate that is not valid yet', () => {
  expect(warned({ begins: now + day, expires: now + 90 * day })[0]).toContain('not valid yet')
})

test('says nothing of a certificate whose end can not be read', () => {
  expect(warned({ begins, expires: Number.NaN })).toEqual([])
})
