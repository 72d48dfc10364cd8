import { describe, expect, test } from 'bun:test'
import { thrownBy } from '../../../test/support/thrown.ts'
import { manifestOf, repositoryOf, tagOf } from './names.ts'

const digest = `sha256:${'a'.repeat(64)}`

describe('a name on the command line', () => {
  test('is a repository, a tag or a manifest', () => {
    expect(String(repositoryOf('team/app'))).toBe('team/app')
    expect(tagOf('team/app:v1.0') as object).toEqual({ repository: 'team/app', tag: 'v1.0' })
    expect(manifestOf(`team/app@${digest}`) as object).toEqual({ repository: 'team/app', digest })
  })

  test.each([
    [repositoryOf, 'Team'],
    [repositoryOf, 'team/app:v1'],
    [repositoryOf, ''],
    [tagOf, 'team/app'],
    [tagOf, 'team/app:'],
    [tagOf, ':v1'],
    [tagOf, 'localhost:5000/team/app:v1'],
    [tagOf, `team/app@${digest}`],
    [manifestOf, 'team/app:v1'],
    [manifestOf, 'team/app@sha256:1'],
    [manifestOf, `@${digest}`],
  ] as const)('is refused as wrong usage: %p of %p', (parse, text) => {
    expect((thrownBy(() => parse(text)) as Error | undefined)?.name).toBe('UsageError')
  })
})
