import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { attributesOf, type Element, elements, text } from './junit.ts'

/** What the conformance program found. */
export interface Results {
  readonly counts: Counts
  /** Every test that did not pass, and what the program said of it. */
  readonly notPassed: readonly TestOutcome[]
  /** The program's switches that were off: `data.sparse`. */
  readonly off: readonly string[]
}

export interface Counts {
  readonly total: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly disabled: number
}

export interface TestOutcome {
  readonly name: string
  readonly status: string
  readonly message: string
}

/** The program wrote no results that could be those of this run. */
export class NoResults extends Error {}

export interface Run {
  /** When the run started, in milliseconds; files older than this are another run's. */
  since: number
  /** What the program printed on stderr, for whoever looks for the reason. */
  printed?: string
}

/** Reads the files that the program left in its results directory. @throws NoResults */
export async function readResults(directory: string, run: Run): Promise<Results> {
  const junit = await freshFile(join(directory, 'junit.xml'), run)
  const configuration = await freshFile(join(directory, 'results.yaml'), run)
  return {
    counts: countsOf(junit),
    notPassed: elements(junit, 'testcase')
      .map(outcomeOf)
      .filter(({ status }) => status !== 'passed'),
    off: switchesOff((parse(configuration) as Configuration | null)?.config ?? {}),
  }
}

async function freshFile(path: string, run: Run): Promise<string> {
  const file = await stat(path).catch(() => undefined)
  if (!file) throw new NoResults(`the program wrote no ${path}; it printed:\n${run.printed ?? ''}`)
  if (file.mtimeMs < run.since) {
    throw new NoResults(`${path} is older than this run: written ${file.mtime.toISOString()}`)
  }
  return readFile(path, 'utf8')
}

function outcomeOf({ tag, content }: Element): TestOutcome {
  const { name = '', status = '' } = attributesOf(tag)
  return { name, status, message: text(content, 'system-out') }
}

function countsOf(junit: string): Counts {
  const opening = /<testsuites\b[^>]*>/.exec(junit)?.[0]
  if (!opening) throw new NoResults('junit.xml has no test suites')
  const attributes = attributesOf(opening)
  // The program leaves out what is zero.
  const count = (name: string) => Number(attributes[name] ?? 0)
  const [total, skipped, disabled] = [count('tests'), count('skipped'), count('disabled')]
  const failed = count('failures') + count('errors')
  return { total, passed: total - failed - skipped - disabled, failed, skipped, disabled }
}

interface Configuration {
  readonly config?: { readonly apis?: Switches; readonly data?: Switches }
}

interface Switches {
  readonly [name: string]: boolean | Switches
}

function switchesOff(config: NonNullable<Configuration['config']>): string[] {
  if (!config.apis || !config.data) throw new NoResults('results.yaml does not say what was switched on')
  return [...off(config.apis, 'apis'), ...off(config.data, 'data')]
}

function off(switches: Switches, path: string): string[] {
  return Object.entries(switches).flatMap(([name, value]) => {
    if (typeof value === 'object') return off(value, `${path}.${name}`)
    return value ? [] : [`${path}.${name}`]
  })
}
