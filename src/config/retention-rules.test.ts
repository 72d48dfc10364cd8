import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { anyText } from '../../test/support/grammar.ts'
import { thrownBy } from '../../test/support/thrown.ts'
import { loadSettings } from './load.ts'
import { retentionRule } from './retention-rules.ts'

const day = 86_400_000

describe('a retention rule', () => {
  test.each([
    ['team/** newest=10', { repositories: 'team/**', newest: 10 }],
    ['** pushed=30d', { repositories: '**', pushed: 30 * day }],
    ['a pulled=1.5h', { repositories: 'a', pulled: 5_400_000 }],
    ['a/* tags=v*|stable|1.?', { repositories: 'a/*', tags: ['v*', 'stable', '1.?'] }],
    [
      '  x   at-least=3 tags=v* newest=2 ',
      { repositories: 'x', atLeast: 3, tags: ['v*'], newest: 2, text: 'x at-least=3 tags=v* newest=2' },
    ],
  ])('%p is understood', (text, rule) => {
    expect(retentionRule.parse(text)).toEqual({ text, ...rule })
    expect(retentionRule.problem?.(text)).toBeUndefined()
  })

  test.each([
    ['team/**', 'names nothing to keep: one of newest, pushed, pulled and tags'],
    ['team/** at-least=3', 'names nothing to keep beside at-least'],
    ['team/**: newest=3', 'begins with a pattern of repositories such as team/**, and "team/**:" is none'],
    ['newest=3', '"newest=3" is none'],
    ['Team newest=3', '"Team" is none'],
    ['a newest', 'newest takes a whole number from 1 on'],
    ['a newest=0', 'newest=0: newest takes a whole number from 1 on'],
    ['a newest=-1', 'newest takes a whole number'],
    ['a newest=ten', 'newest takes a whole number'],
    ['a at-least=0 newest=1', 'at-least takes a whole number'],
    ['a pushed=30', 'pushed takes a duration'],
    ['a pushed=0s', 'pushed takes a duration'],
    ['a pulled=off', 'pulled takes a duration'],
    ['a tags=', 'tags takes patterns of tags'],
    ['a tags=v*||x', 'tags takes patterns of tags'],
    ['a tags={a}', 'tags takes patterns of tags'],
    ['a newest=1 newest=2', 'says newest twice'],
    ['a keep=1', '"keep=1" is none of newest=N, pushed=TIME'],
    ['a constructor=1', '"constructor=1" is none of'],
    ['a newest=1 and', '"and" is none of'],
  ])('%p is refused, and the message says: %s', (text, message) => {
    expect(retentionRule.parse(text)).toBeUndefined()
    expect(retentionRule.problem?.(text)).toContain(message)
  })

  test('is refused with a problem that is told, or understood, whatever the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(retentionRule.parse(text) === undefined).toBe(retentionRule.problem?.(text) !== undefined)
      }),
    )
  })
})

describe('the setting retention.rules', () => {
  const load = (yaml: string) =>
    loadSettings({ flags: {}, environment: {}, file: { name: 'berth.yaml', text: yaml } })['retention.rules']
  const complaint = (yaml: string) => (thrownBy(() => load(yaml)) as Error).message
  const repositories = (rules: ReturnType<typeof load>) => rules.map((rule) => rule.repositories)

  test('is a list of texts in the file, or one text with commas; the order stays', () => {
    const list = load('retention:\n  rules:\n    - team/** newest=10 tags=v*\n    - "** pushed=1d"\n')
    expect(repositories(list)).toEqual(['team/**', '**'])
    expect(load('retention.rules: "team/** newest=10 tags=v*, ** pushed=1d"')).toEqual(list)
    const environment = { BERTH_RETENTION_RULES: 'team/** newest=10 tags=v*,** pushed=1d' }
    expect(loadSettings({ flags: {}, environment })['retention.rules']).toEqual(list)
  })

  test('says which of the rules is wrong, why, and what a rule looks like', () => {
    const message = complaint('retention.rules: ["team/** newest=10", "lab/** newest=all"]')
    expect(message).toStartWith('retention.rules in berth.yaml: "lab/** newest=all" is no retention rule: ')
    expect(message).toContain('such as "team/** newest=10 pushed=30d')
  })

  test('says what helps where YAML takes a rule for a section, or its pattern for an alias', () => {
    expect(complaint('retention:\n  rules:\n    - ** newest=10\n')).toContain('begins with * needs quotes')
    expect(complaint('retention:\n  rules:\n    - team/**: newest=10\n')).toBe(
      'retention.rules: the list holds {"team/**":"newest=10"} where a text is expected; put it in quotes',
    )
  })
})
