import { describe, expect, test } from 'bun:test'
import { directories } from '../../src/config/directories.ts'
import { deployFiles, readText } from './files.ts'
import { checkConfiguration, unknownFlags, unknownNames, unknownVariables } from './setting-names.ts'

describe('what is shipped for deploying', () => {
  test('names only variables and flags that are settings', async () => {
    const files = await deployFiles()
    expect(files.map(({ path }) => path)).toContain('deploy/compose.yaml')
    const unknown = files.flatMap(({ path, text }) =>
      [...unknownVariables(text), ...unknownFlags(text)].map((name) => `${path}: ${name}`),
    )
    expect(unknown).toEqual([])
    expect(files.flatMap(({ text }) => text.match(/\bBERTH_[A-Z]/g) ?? []).length).toBeGreaterThan(10)
  })

  test('has a file of settings for systemd that the server reads, with each line that is commented out', async () => {
    const { text } = await readText('deploy/systemd/berth.yaml')
    checkConfiguration(text)
    const commented = text.replaceAll(/^# (?=tls:|metadata:|storage:| )/gm, '')
    expect(checkConfiguration(commented)).toContain('tls.certificate')
  })

  test('is described with names and files of settings that are there', async () => {
    const { text } = await readText('docs/deploying.md')
    expect(unknownNames(text)).toEqual([])
    const files = [...text.matchAll(/```yaml\n# berth\.yaml[^\n]*\n(.*?)```/gs)].map(([, file = '']) => file)
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) checkConfiguration(file)
  })
})

test('the guide to directories has examples that the server reads, and each key of the setting', async () => {
  const { text } = await readText('docs/ldap.md')
  const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, example = '']) => example)
  expect(examples).toHaveLength(3)
  for (const example of examples) expect(checkConfiguration(example)).toEqual(['ldap'])
  const problem = directories.problem?.('[{ name: corp, unknown: 1 }]') ?? ''
  const keys = problem.slice(problem.indexOf('none of ') + 8).split(', ')
  expect(keys.length).toBeGreaterThan(20)
  for (const key of keys)
    expect(text).toContain(key.startsWith('bind-password-') ? key.slice(13) : `\`${key}\``)
})

describe('the check of names', () => {
  test('finds a variable, a flag, a name and a key that are no settings', () => {
    expect(unknownVariables('BERTH_GC_GRACE=1h BERTH_GC_GRASS=1h')).toEqual(['BERTH_GC_GRASS'])
    expect(unknownFlags('berth serve --listen :5000 --gc-grass 1h')).toEqual(['--gc-grass'])
    expect(unknownNames('`gc.grace`, `gc.grass: 1h` and `example.com`')).toEqual(['gc.grass'])
    expect(() => checkConfiguration('gc: { grass: 1h }')).toThrow('gc.grass')
    expect(() => checkConfiguration('gc: { grace: soon }')).toThrow('soon')
  })
})
