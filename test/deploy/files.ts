import { join, relative } from 'node:path'
import { Glob } from 'bun'

export const root = join(import.meta.dir, '../..')
export const chart = join(root, 'deploy/helm/berth')

export interface TextFile {
  /** From the project's root on. */
  readonly path: string
  readonly text: string
}

/** What is shipped for deploying, and the guide to it. */
export async function deployFiles(): Promise<TextFile[]> {
  const paths = [...new Glob('deploy/**/*').scanSync({ cwd: root, dot: true }), 'docs/deploying.md'].sort()
  return Promise.all(paths.map(readText))
}

export async function readText(path: string): Promise<TextFile> {
  return { path: relative(root, join(root, path)), text: await Bun.file(join(root, path)).text() }
}

/** The files with the chart's values for each way to run it. */
export function valuesFiles(): string[] {
  return [...new Glob('ci/*-values.yaml').scanSync(chart)].sort().map((path) => join(chart, path))
}

/** `${NAME:-standard}` and `${NAME:?message}` as Compose fills them in. */
export function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind, rest: string) => {
    const value = variables[name]
    if (value) return value
    if (kind === '-') return rest
    throw new Error(`nothing is given for ${name}: ${rest ?? ''}`)
  })
}

/** The assignments of an .env file. */
export function variablesOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z0-9_]+=/.test(line))
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]))
}
