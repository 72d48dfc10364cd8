import { describe, expect, test } from 'bun:test'
import { thrownBy } from '../../test/support/thrown.ts'
import { parseTokenScope, parseTokenScopes, tokenScopeText } from './token-scopes.ts'

describe('the scope of an access token', () => {
  test.each([
    ['alice/app:pull,push', 'alice/app', ['pull', 'push']],
    ['alice/**:pull', 'alice/**', ['pull']],
    ['repository:team/*-ci:*', 'team/*-ci', ['*']],
    ['ubuntu:pull,pull', 'ubuntu', ['pull']],
  ] as const)('%s names a repository or a pattern, and verbs', (text, name, actions) => {
    expect(parseTokenScope(text)).toEqual({ type: 'repository', name, actions: [...actions] })
  })

  test.each([
    '',
    'alice/app',
    'alice/app:',
    ':pull',
    'alice/app:fly',
    'Alice:pull',
    'a//b:pull',
    '{a,b}:pull',
    'a:pull push',
  ])('is not %p', (text) => {
    expect((thrownBy(() => parseTokenScope(text)) as { code?: string }).code).toBe('PARAMETER_INVALID')
  })

  test('is shown as it is written', () => {
    expect(tokenScopeText(parseTokenScope('alice/**:pull,push'))).toBe('alice/**:pull,push')
  })

  test('may be missing: then the token may all that its owner may', () => {
    expect(parseTokenScopes([])).toBeUndefined()
    expect(parseTokenScopes(['a/b:pull'])).toHaveLength(1)
  })
})
