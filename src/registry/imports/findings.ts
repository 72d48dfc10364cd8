import type { Finding, SourceNotes } from './source.ts'

/** Findings that are kept to be shown; beyond, they are only counted. */
const mostKept = 1000

/** What did not come over, and why. */
export class Findings implements SourceNotes {
  readonly skipped: Finding[] = []
  readonly ignored: { readonly path: string; readonly reason: string }[] = []
  skippedCount = 0
  ignoredCount = 0
  readonly #wanted: (repository: string) => boolean

  /** @param wanted whether a repository is asked for: of others nothing is told */
  constructor(wanted: (repository: string) => boolean = () => true) {
    this.#wanted = wanted
  }

  skip(finding: Finding): void {
    if (!this.#wanted(finding.repository)) return
    this.skippedCount += 1
    if (this.skipped.length < mostKept) this.skipped.push(finding)
  }

  ignore(path: string, reason: string): void {
    this.ignoredCount += 1
    if (this.ignored.length < mostKept) this.ignored.push({ path, reason })
  }
}
