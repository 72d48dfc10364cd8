import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { parse } from 'yaml'
import { temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { requireTools } from '../support/require.ts'
import { interpolate, readText, variablesOf } from './files.ts'

interface Service {
  readonly image: string
  readonly depends_on?: readonly string[] | object
  readonly volumes?: readonly string[]
  readonly configs?: readonly { source: string }[]
  readonly deploy?: { readonly replicas: number }
}

const { text } = await readText('deploy/compose.yaml')
const variables = variablesOf((await readText('deploy/.env.example')).text)
const composed = parse(interpolate(text, variables)) as {
  services: Record<string, Service>
  volumes: object
  configs: object
}

describe('compose.yaml', () => {
  test('has two Berths, PostgreSQL, an S3 server and a balancer', () => {
    const { balancer, berth, postgres, s3 } = composed.services
    for (const service of [balancer, berth, postgres, s3]) expect(service?.image).toBeString()
    expect(berth?.deploy?.replicas).toBe(2)
  })

  test('refers to services, volumes and configurations that it has', () => {
    for (const [name, service] of Object.entries(composed.services)) {
      const needs = Array.isArray(service.depends_on)
        ? service.depends_on
        : Object.keys(service.depends_on ?? {})
      for (const need of needs) expect(Object.keys(composed.services), name).toContain(need)
      for (const volume of service.volumes ?? []) {
        if (!volume.startsWith('.'))
          expect(Object.keys(composed.volumes), name).toContain(volume.split(':')[0] ?? '')
      }
      for (const { source } of service.configs ?? [])
        expect(Object.keys(composed.configs), name).toContain(source)
    }
  })

  test('starts with no password that somebody did not choose', () => {
    expect(() => interpolate(text, {})).toThrow('.env.example')
    const secrets = Object.keys(variables).filter((name) => /PASSWORD|KEY/.test(name))
    expect(secrets).toHaveLength(3)
    for (const name of secrets) expect(text).toContain(`\${${name}:?`)
  })
})

describe.skipIf(!requireTools(['compose-spec']))('Compose', () => {
  test('finds nothing wrong with compose.yaml', async () => {
    const directory = await temporaryDirectory()
    const file = join(directory, 'compose.yaml')
    await Bun.write(file, interpolate(text, variables))
    const read = JSON.parse(await run('compose-spec', ['-format', 'json', file])) as typeof composed
    expect(Object.keys(read.services).sort()).toEqual(Object.keys(composed.services).sort())
  })
})
