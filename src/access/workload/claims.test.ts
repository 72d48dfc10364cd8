import { expect, test } from 'bun:test'
import { claimValues } from './claims.ts'

const claims = {
  sub: 'repo:acme/app',
  attempt: 1,
  protected: true,
  groups: ['acme', 'acme/tools', 7, null, { acme: 1 }, ['nested']],
  'kubernetes.io': { namespace: 'builds', serviceaccount: { name: 'ci' } },
  a: { b: { c: 'deep' } },
  'a.b': { c: 'dotted' },
  nothing: null,
}

test.each([
  ['sub', ['repo:acme/app']],
  ['attempt', ['1']],
  ['protected', ['true']],
  ['groups', ['acme', 'acme/tools', '7']],
  ['kubernetes.io.namespace', ['builds']],
  ['kubernetes.io.serviceaccount.name', ['ci']],
  ['a.b.c', ['dotted']],
  ['a', []],
  ['nothing', []],
  ['absent', []],
  ['sub.length', []],
  ['constructor', []],
  ['__proto__', []],
  ['a.b.c.d.e.f.g.h.i.j.k', []],
])('the claim %s has the values %p', (name, values) => {
  expect(claimValues(claims, name)).toEqual(values)
})
