import type { RepositoryName } from '../../oci/repository-name.ts'

/** What stays of the tags of some repositories; a tag that nothing keeps goes. Times are milliseconds. */
export interface RetentionRule {
  /** As it was written. */
  readonly text: string
  /** A glob: `*` stays within a part of a name, `**` crosses parts. */
  readonly repositories: string
  /** So many tags, those that were set last. */
  readonly newest?: number
  /** Tags that were set within this time. */
  readonly pushed?: number
  /** Tags that were pulled, or set, within this time. */
  readonly pulled?: number
  /** Tags that match one of these globs. */
  readonly tags?: readonly string[]
  /** Where the others keep fewer tags than this, the newest of the rest stay as well. */
  readonly atLeast?: number
}

/** The first rule whose pattern matches the repository, and no other; undefined: everything stays. */
export function ruleFor(
  rules: readonly RetentionRule[],
  repository: RepositoryName,
): RetentionRule | undefined {
  return rules.find(({ repositories }) => new Bun.Glob(repositories).match(repository))
}
