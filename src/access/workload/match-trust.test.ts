import { expect, test } from 'bun:test'
import { matchTrust } from './match-trust.ts'

const trust = (id: string, claims: Record<string, string>) => ({
  id,
  issuer: 'https://issuer.example',
  audience: 'us',
  claims: JSON.stringify(claims),
  scopes: undefined,
  createdAt: 0,
})

test('the first trust that fits is the one', () => {
  const trusts = [
    trust('other', { repository: 'acme/other' }),
    trust('first', { repository: 'acme/*' }),
    trust('second', { repository: 'acme/app' }),
  ]
  expect(matchTrust(trusts, { aud: 'us', repository: 'acme/app' })).toEqual({ trust: trusts[1] as never })
})

test('what does not fit is told only where it is the right repository', () => {
  const trusts = [trust('a', { repository: 'acme/app', ref: 'main', environment: 'live' })]
  expect(matchTrust(trusts, { aud: ['them'], repository: 'acme/app', ref: 'next' })).toEqual({
    trust: undefined,
    nearly:
      'aud must be "us", and is "them"; ref must be "main", and is "next"; environment must be "live", and is not there',
  })
  expect(matchTrust(trusts, { aud: 'us', repository: 'evil/app', ref: 'next' })).toEqual({
    trust: undefined,
    nearly: undefined,
  })
})

test('patterns that are made to take long are given up, and hold nobody up', () => {
  const slow = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`groups.${at}`, '**a**a**a**ab']))
  const trusts = Array.from({ length: 20 }, (_, at) => trust(`${at}`, { sub: 'job', ...slow }))
  const groups = Object.fromEntries(
    Array.from({ length: 9 }, (_, at) => [at, Array(8).fill('a'.repeat(1000))]),
  )
  const started = performance.now()
  expect(
    matchTrust([...trusts, trust('last', { sub: 'job' })], { aud: 'us', sub: 'job', groups }),
  ).toMatchObject({
    trust: undefined,
  })
  expect(performance.now() - started).toBeLessThan(500)
})
