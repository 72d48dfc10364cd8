import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseScopes, scopeText } from './scopes.ts'

const texts = (...parameters: string[]) => parseScopes(parameters).map(scopeText)

test('scopes come in several parameters, or in one with spaces', () => {
  expect(texts('repository:a/b:pull,push', 'repository:c:pull')).toEqual([
    'repository:a/b:pull,push',
    'repository:c:pull',
  ])
  expect(texts('repository:a/b:pull,push repository:c:pull')).toEqual([
    'repository:a/b:pull,push',
    'repository:c:pull',
  ])
})

test('scopes of one repository are one', () => {
  expect(texts('repository:a:pull', 'repository:a:push,pull')).toEqual(['repository:a:pull,push'])
})

test('everything, the catalog and the search can be asked for', () => {
  expect(texts('repository:x:*', 'registry:catalog:*', 'registry:catalog:search')).toEqual([
    'repository:x:*',
    'registry:catalog:*,search',
  ])
})

test('a class of repository is read over', () => {
  expect(texts('repository(plugin):a/b:pull')).toEqual(['repository:a/b:pull'])
})

test.each([
  '',
  'repository',
  'repository:a',
  'repository::pull',
  'repository:A:pull',
  'repository:../x:pull',
  'repository:a%2fb:pull',
  'repository:ａ:pull',
  'repository:a:fly',
  'repository:a:',
  'registry:other:*',
  'registry:catalog:pull',
  'user:a:pull',
])('%p asks for nothing', (text) => {
  expect(texts(text)).toEqual([])
})

test('an unknown action is left out, the others stay', () => {
  expect(texts('repository:a:pull,fly,push')).toEqual(['repository:a:pull,push'])
})

test('whatever is asked, the answer is a list that reads back as itself', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (parameters) => {
      const scopes = parseScopes(parameters)
      expect(parseScopes(scopes.map(scopeText))).toEqual(scopes)
    }),
  )
})

test('no more than a hundred are read', () => {
  expect(parseScopes(Array.from({ length: 1000 }, (_, index) => `repository:r${index}:pull`)).length).toBe(
    100,
  )
})
