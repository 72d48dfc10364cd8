import { expect, test } from 'bun:test'
import { dirname, join, relative } from 'node:path'

const source = join(import.meta.dir, '../../src')

/** What is loaded with a file before anything runs: files below `src`, and packages. */
async function loadedWith(entry: string): Promise<{ files: string[]; packages: string[] }> {
  const transpiler = new Bun.Transpiler({ loader: 'ts' })
  const files = new Set<string>()
  const packages = new Set<string>()
  const waiting = [join(source, entry)]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue
    files.add(file)
    if (!file.endsWith('.ts')) continue
    for (const { path, kind } of transpiler.scanImports(await Bun.file(file).text())) {
      if (kind !== 'import-statement') continue
      if (path.startsWith('.')) waiting.push(join(dirname(file), path))
      else packages.add(path)
    }
  }
  return { files: [...files].map((file) => relative(source, file)), packages: [...packages] }
}

test('a start loads no command but the one that is asked for', async () => {
  const { files } = await loadedWith('main.ts')
  expect(files).toContain('cli/commands.ts')
  expect(files.filter((file) => file.startsWith('cli/commands/'))).toEqual([])
})

test('a server starts without what only some servers, or later requests, need', async () => {
  const { files, packages } = await loadedWith('cli/commands/serve.ts')
  expect(files).toContain('app.ts')
  const commands = files.filter((file) => file.startsWith('cli/commands/'))
  expect(commands.sort()).toEqual(['cli/commands/serve-arguments.ts', 'cli/commands/serve.ts'])
  expect(files.filter((file) => /^(worker-app|http\/management|client)\b/.test(file))).toEqual([])
  const late = /^(hono|zod|@hono|@aws-sdk|aws4fetch|hash-wasm|pg)\b/
  expect(packages).toContain('kysely')
  expect(packages.filter((name) => late.test(name))).toEqual([])
})
