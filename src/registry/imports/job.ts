import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Registry } from '../registry.ts'
import type { Findings } from './findings.ts'
import { type ImportSource, SourceError, type SourceRepository } from './source.ts'

/** How a blob's bytes come: by a second name of its file, by copying, or as it is possible. */
export type Means = 'link' | 'copy' | 'either'

export interface ImportJob {
  readonly registry: Registry
  readonly source: ImportSource
  readonly means: Means
  /** Whether tags are moved that somebody else set, moved or deleted here. */
  readonly overwrite: boolean
  readonly findings: Findings
  /** Whether a repository is asked for. */
  wanted(name: RepositoryName): boolean
  /** Told of each piece of a blob that was read. */
  progress?(bytes: number): void
}

/** Who the tag history says it was. */
export const importCaller = 'import'

export async function* wantedRepositories({
  source,
  wanted,
}: Pick<ImportJob, 'source' | 'wanted'>): AsyncGenerator<SourceRepository> {
  for await (const repository of source.repositories()) if (wanted(repository.name)) yield repository
}

/** With these everything that follows would fail too. */
const fatal: ReadonlySet<string> = new Set(['READ_ONLY', 'STORAGE_FULL', 'STORAGE_UNAVAILABLE'])

/** Why one thing can't come over, for what need not end the import. @throws the error for what must */
export function reasonOf(error: unknown): string {
  if (error instanceof SourceError) return error.message
  if (error instanceof RegistryError && !fatal.has(error.code)) return error.message
  throw error
}
