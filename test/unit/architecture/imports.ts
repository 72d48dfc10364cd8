import { dirname, join } from 'node:path'
import { Glob } from 'bun'

/** One file's look at another; both are paths from src on, such as `http/server.ts`. */
export interface Import {
  readonly from: string
  readonly to: string
  /** Gone when the program runs: only shapes are known. */
  readonly typeOnly: boolean
}

export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Test files and the suites that every driver runs: they are no part of the program. */
function isTest(path: string): boolean {
  return /\.(?:test|contract)\.ts$/.test(path) || path.includes('/contract/')
}

export async function readFiles(root: string): Promise<SourceFile[]> {
  const paths = [...new Glob('**/*.ts').scanSync(root)].sort()
  return Promise.all(paths.map(async (path) => ({ path, text: await Bun.file(join(root, path)).text() })))
}

/** The program's files, without its tests. */
export async function readProgram(root: string): Promise<SourceFile[]> {
  return (await readFiles(root)).filter(({ path }) => !isTest(path))
}

const statement = /^(?:import|export)\s(?<names>[^'"`;]*?)from\s+['"](?<target>\.[^'"]+)['"]/gm
const bare = /^import\s+['"](?<target>\.[^'"]+)['"]/gm
const dynamic = /\bimport\(\s*['"](?<target>\.[^'"]+)['"]/g
/** A worker is started from a module that nothing imports. */
const worker = /\bnew URL\(\s*['"](?<target>\.[^'"]+\.ts)['"],\s*import\.meta\.url/g

/** Every import of a file of ours; those of packages are left out. */
export function importsOf({ path, text }: SourceFile): Import[] {
  return [statement, bare, dynamic, worker].flatMap((form) =>
    [...text.matchAll(form)].map(({ groups: { names = '', target = '' } = {} }) => ({
      from: path,
      to: join(dirname(path), target),
      typeOnly: isTypeOnly(names.trim()),
    })),
  )
}

/** `type { A }`, or braces in which every name is marked. */
function isTypeOnly(names: string): boolean {
  if (names.startsWith('type ')) return true
  const marked = /^\{(.*)\}$/s.exec(names)?.[1]
  if (marked === undefined) return false
  return marked
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .every((name) => name.startsWith('type '))
}
