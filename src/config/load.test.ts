import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { thrownBy } from '../../test/support/thrown.ts'
import { loadSettings, SettingError, type SettingSources } from './load.ts'
import { environmentName, flagName, settingNames } from './settings.ts'

function load(sources: Partial<SettingSources> = {}) {
  return loadSettings({ flags: {}, environment: {}, ...sources })
}

const berthYaml = (text: string) => ({ file: { name: 'berth.yaml', text } })
const environment = (variables: Record<string, string>) => ({ environment: variables })

/** The message of the SettingError that the sources lead to. */
function complaint(sources: Partial<SettingSources>): string {
  const error = thrownBy(() => load(sources))
  if (error instanceof SettingError) return error.message
  throw new Error(`no SettingError: ${error}`)
}

describe('where settings come from', () => {
  test('each has a default that is of its own kind', () => {
    expect(Object.keys(load()).sort()).toEqual([...settingNames].sort())
    expect(load()['gc.grace']).toBe(86_400_000)
    expect(load().listen).toEqual([{ host: 'localhost', port: 5000 }])
  })

  test('a flag wins over the environment, that over the file, that over the default', () => {
    const file = berthYaml('gc: { grace: 1h }')
    const variables = environment({ BERTH_GC_GRACE: '2h' })
    expect(load(file)['gc.grace']).toBe(3_600_000)
    expect(load({ ...file, ...variables })['gc.grace']).toBe(7_200_000)
    expect(load({ ...file, ...variables, flags: { 'gc.grace': '3h' } })['gc.grace']).toBe(10_800_000)
  })

  test('a value that a stronger source replaces need not be right', () => {
    const sources = { ...berthYaml('gc.grace: wrong'), ...environment({ BERTH_GC_GRACE: '2h' }) }
    expect(load(sources)['gc.grace']).toBe(7_200_000)
  })

  test('every setting has one name in three forms, and no two share one', () => {
    expect(environmentName('storage.min-free')).toBe('BERTH_STORAGE_MIN_FREE')
    expect(flagName('storage.min-free')).toBe('storage-min-free')
    expect(new Set(settingNames.map(environmentName)).size).toBe(settingNames.length)
    expect(new Set(settingNames.map(flagName)).size).toBe(settingNames.length)
  })
})

describe('the file', () => {
  test('may nest a name or write it with dots', () => {
    const nested = load(berthYaml('gc:\n  grace: 1h\nstorage:\n  min-free: 1GiB\n'))
    const dotted = load(berthYaml('gc.grace: 1h\nstorage.min-free: 1GiB\n'))
    expect(nested).toEqual(dotted)
    expect(nested['storage.min-free']).toBe(2 ** 30)
  })

  test('writes a list as a list or with commas', () => {
    const expected = [
      { host: '', port: 5000 },
      { host: '::1', port: 5001 },
    ]
    expect(load(berthYaml('listen: [":5000", "[::1]:5001"]')).listen).toEqual(expected)
    expect(load(berthYaml('listen: ":5000,[::1]:5001"')).listen).toEqual(expected)
  })

  test('may write booleans and numbers as YAML does', () => {
    const settings = load(berthYaml('delete.enabled: false\nstorage.cache: 1024'))
    expect(settings['delete.enabled']).toBe(false)
    expect(settings['storage.cache']).toBe(1024)
  })

  test.each(['', '# nothing but a comment\n', '---\n', '{}'])('may say nothing: %p', (text) => {
    expect(load(berthYaml(text))).toEqual(load())
  })

  test('with a key that is no setting is refused, and the one that was meant is named', () => {
    expect(complaint(berthYaml('gc: { grase: 1h }'))).toBe(
      'gc.grase in berth.yaml is not a setting; did you mean gc.grace?',
    )
  })

  test('with a key that is like none is refused, and the known ones are named', () => {
    const message = complaint(berthYaml('telemetry-endpoint: x'))
    for (const name of settingNames) expect(message).toContain(name)
  })

  test.each(['constructor: x', '__proto__: x', 'toString: { a: x }'])(
    'with %p is refused: it is a property of every object and no setting',
    (text) => {
      expect(complaint(berthYaml(text))).toContain('is not a setting')
    },
  )

  test('that is no YAML is refused in one line', () => {
    const message = complaint(berthYaml('gc: [unclosed'))
    expect(message).toStartWith('berth.yaml is not YAML: ')
    expect(message).not.toContain('\n')
  })

  test.each(['just text', '[a, b]', '5'])('that holds no settings is refused: %p', (text) => {
    expect(complaint(berthYaml(text))).toContain('berth.yaml must hold settings')
  })

  test('is refused with nothing but a SettingError, whatever it says', () => {
    const lines = fc.constantFrom('listen', 'gc', ' grace', ':', '-', '[', '{', '"', '\n', ' 1h', '#', ',')
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 12 }), (parts) => {
        const error = thrownBy(() => load(berthYaml(parts.join(''))))
        expect(error === undefined || error instanceof SettingError).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the environment', () => {
  test('with a variable that is no setting is refused, and the one that was meant is named', () => {
    expect(complaint(environment({ BERTH_GC_GRASE: '1h' }))).toBe(
      'BERTH_GC_GRASE is not a setting; did you mean BERTH_GC_GRACE?',
    )
  })

  test('is only looked at where a name starts with BERTH_', () => {
    expect(load(environment({ GC_GRACE: 'x', PATH: '/bin', MY_BERTH_DATA: 'x' }))).toEqual(load())
  })

  test('that says nothing of a variable leaves the setting alone', () => {
    expect(load({ environment: { BERTH_DATA: undefined } })).toEqual(load())
  })

  test.each([
    'BERTH_SERVICE_HOST',
    'BERTH_SERVICE_PORT',
    'BERTH_SERVICE_PORT_HTTP',
    'BERTH_PORT',
    'BERTH_PORT_5000_TCP',
    'BERTH_PORT_5000_TCP_ADDR',
    'BERTH_UI_SERVICE_HOST',
    'BERTH_UI_PORT_80_TCP_PROTO',
  ])('may hold %s, which Kubernetes adds for a Service', (variable) => {
    expect(load(environment({ [variable]: 'tcp://10.0.0.1:5000' }))).toEqual(load())
  })

  test('may name the file, which is no setting', () => {
    expect(load(environment({ BERTH_CONFIG: '/etc/berth.yaml' }))).toEqual(load())
  })
})

describe('a value that is not of its kind', () => {
  const wrong = '"1 fortnight" is not a duration such as 90s, 10m, 24h or 7d (0s: none)'

  test.each([
    ['--gc-grace', { flags: { 'gc.grace': '1 fortnight' } }],
    ['BERTH_GC_GRACE', environment({ BERTH_GC_GRACE: '1 fortnight' })],
    ['gc.grace in berth.yaml', berthYaml('gc.grace: 1 fortnight')],
  ] as const)('is refused with where it stands: %s', (where, sources) => {
    expect(complaint(sources)).toBe(`${where}: ${wrong}`)
  })

  test.each([
    ['log.level: loud', 'one of debug, info, warn, error'],
    ['delete.enabled: yes', 'true or false'],
    ['storage.cache: much', 'a size such as'],
    ['listen: 5000', 'HOST:PORT'],
    ['http.cors-origins: [ui.example.com]', 'an origin such as'],
    ['gc.grace: { for: ever }', 'gc.grace.for'],
    ['gc.grace: null', 'a duration'],
  ])('%p is refused with what is allowed', (text, allowed) => {
    expect(complaint(berthYaml(text))).toContain(allowed)
  })

  test('is an address that is missing altogether: a server listens somewhere', () => {
    expect(complaint(environment({ BERTH_LISTEN: '' }))).toContain('HOST:PORT')
  })
})
