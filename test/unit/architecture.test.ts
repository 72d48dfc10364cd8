import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { importsOf, readFiles, readProgram, type SourceFile } from './architecture/imports.ts'
import { circles, forbidden } from './architecture/rules.ts'

const source = join(import.meta.dir, '../../src')
const tests = join(import.meta.dir, '..')

const program = await readProgram(source)
const imports = program.flatMap(importsOf)

/** Lines that a file may have: what grows beyond becomes a folder. */
const longestFile = 300
/** Files that may be longer, each with its reason. */
const longFiles: Readonly<Record<string, string>> = {}

function tooLong(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines >= longestFile && !Object.hasOwn(longFiles, path))
    .map(({ path, lines }) => `${path} has ${lines} lines`)
}

describe('the source', () => {
  test('is read at all: every import leads to a file', () => {
    expect(imports.length).toBeGreaterThan(100)
    expect(imports.filter(({ to }) => !existsSync(join(source, to)))).toEqual([])
  })

  test('has imports only along the arrows of the design', () => {
    expect(forbidden(imports)).toEqual([])
  })

  test('has no circle of imports', () => {
    expect(circles(imports)).toEqual([])
  })

  test('has small files, and so have its tests', async () => {
    expect(tooLong([...(await readFiles(source)), ...(await readFiles(tests))])).toEqual([])
  })
})

describe('the check of imports', () => {
  const file = (path: string, ...targets: string[]): SourceFile => ({
    path,
    text: targets.map((target) => `import { x } from '${target}'`).join('\n'),
  })
  const found = (...files: SourceFile[]) => forbidden(files.flatMap(importsOf))

  test.each([
    ['oci/tag.ts', '../http/errors.ts', 'no arrow leads from oci to http'],
    ['blobs/blob-store.ts', '../metadata/metadata-store.ts', 'no arrow leads from blobs to metadata'],
    ['metadata/queries.ts', '../registry/registry.ts', 'no arrow leads from metadata to registry'],
    ['client/pull.ts', '../registry/registry.ts', 'no arrow leads from client to registry'],
    ['logging/logger.ts', '../config/settings.ts', 'no arrow leads from logging to config'],
    ['registry/blobs.ts', '../http/errors.ts', 'no arrow leads from registry to http'],
    ['registry/blobs.ts', '../access/decide.ts', 'no arrow leads from registry to access'],
    ['jobs/sweep.ts', '../http/server.ts', 'no arrow leads from jobs to http'],
    ['http/server.ts', '../config/settings.ts', 'no arrow leads from http to config'],
    ['cli/run.ts', '../http/errors.ts', 'no arrow leads from cli to http'],
    ['cli/run.ts', '../app.ts', 'only cli/commands/serve.ts starts app.ts'],
    ['cli/run.ts', '../worker-app.ts', 'only cli/commands/serve-worker.ts starts worker-app.ts'],
    ['workers/owner/fleet.ts', '../../http/listen.ts', 'workers knows only types of http'],
    ['http/server.ts', '../blobs/filesystem/paths.ts', 'only app.ts names a driver'],
    ['metadata/queries.ts', './sqlite/writer.ts', 'only app.ts names a driver'],
    ['metadata/sqlite/writer.ts', '../postgres/pool.ts', 'only app.ts names a driver'],
    ['registry/blobs.ts', '../metadata/queries.ts', 'registry knows only types of metadata'],
    ['recovery/rebuild.ts', '../metadata/postgres/pool.ts', 'only app.ts names a driver'],
    ['recovery/rebuild.ts', '../jobs/sweep.ts', 'no arrow leads from recovery to jobs'],
    ['novelty/thing.ts', '../oci/tag.ts', 'the area novelty is not in the design'],
  ])('tells that %s may not import %s', (path, target, reason) => {
    expect(found(file(path, target))).toEqual([expect.stringContaining(reason)])
  })

  test.each([
    ['registry/blobs.ts', '../oci/tag.ts'],
    ['metadata/sqlite/writer.ts', '../schema.ts'],
    ['blobs/filesystem/file-writer.ts', './paths.ts'],
    ['app.ts', './blobs/filesystem/paths.ts'],
    ['cli/commands/serve.ts', '../../app.ts'],
    ['recovery/rebuild.ts', '../blobs/filesystem/paths.ts'],
    ['http/distribution/blobs.ts', '../../registry/blobs.ts'],
  ])('lets %s import %s', (path, target) => {
    expect(found(file(path, target))).toEqual([])
  })

  test('sees every form of import, over several lines too', () => {
    const text = `
import { a } from '../a.ts'
import type { B } from '../b.ts'
import {
  type C,
  type D,
} from '../c.ts'
import { type E, f } from '../d.ts'
import * as g from "../e.ts"
import '../f.ts'
export { h } from '../g.ts'
const late = await import('../h.ts')
const thread = new Worker(new URL('./i.ts', import.meta.url))
import { join } from 'node:path'
`
    const seen = importsOf({ path: 'jobs/x.ts', text })
    expect(seen.map(({ to }) => to).sort()).toEqual([
      'a.ts',
      'b.ts',
      'c.ts',
      'd.ts',
      'e.ts',
      'f.ts',
      'g.ts',
      'h.ts',
      'jobs/i.ts',
    ])
    expect(seen.filter(({ typeOnly }) => typeOnly).map(({ to }) => to)).toEqual(['b.ts', 'c.ts'])
  })

  test('finds a circle, and only what is on it', () => {
    const files = [
      file('oci/a.ts', './b.ts'),
      file('oci/b.ts', './c.ts', './d.ts'),
      file('oci/c.ts', './a.ts'),
      file('oci/d.ts'),
      file('oci/e.ts', './a.ts'),
    ]
    expect(circles(files.flatMap(importsOf))).toEqual(['oci/a.ts → oci/b.ts → oci/c.ts → oci/a.ts'])
  })

  test('takes no two ways to one file for a circle', () => {
    const files = [file('oci/a.ts', './b.ts', './c.ts'), file('oci/b.ts', './c.ts'), file('oci/c.ts')]
    expect(circles(files.flatMap(importsOf))).toEqual([])
  })

  test('finds a file that is too long', () => {
    const lines = (count: number) => ({ path: 'oci/long.ts', text: '\n'.repeat(count) })
    expect(tooLong([lines(299)])).toEqual([])
    expect(tooLong([lines(300)])).toEqual(['oci/long.ts has 300 lines'])
  })
})
