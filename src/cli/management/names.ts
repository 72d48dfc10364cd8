import { type Digest, parseDigest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import { UsageError } from '../command.ts'

/** @throws UsageError */
export function repositoryOf(text: string): RepositoryName {
  return understood(text, () => parseRepositoryName(text))
}

/** `team/app:v1`. @throws UsageError */
export function tagOf(text: string): { repository: RepositoryName; tag: Tag } {
  const colon = text.lastIndexOf(':')
  if (colon < 0 || text.includes('@')) {
    throw new UsageError(`${JSON.stringify(text)} names no tag: write REPOSITORY:TAG, such as team/app:v1`)
  }
  return understood(text, () => ({
    repository: parseRepositoryName(text.slice(0, colon)),
    tag: parseTag(text.slice(colon + 1)),
  }))
}

/** `team/app@sha256:…`. @throws UsageError */
export function manifestOf(text: string): { repository: RepositoryName; digest: Digest } {
  const at = text.indexOf('@')
  if (at < 0) {
    throw new UsageError(
      `${JSON.stringify(text)} names no manifest: write REPOSITORY@DIGEST, such as team/app@sha256:…`,
    )
  }
  return understood(text, () => ({
    repository: parseRepositoryName(text.slice(0, at)),
    digest: parseDigest(text.slice(at + 1)),
  }))
}

/** Runs a parser; what it refuses is wrong usage. @throws UsageError */
export function understood<T>(text: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof RegistryError) throw new UsageError(`${JSON.stringify(text)}: ${error.message}`)
    throw error
  }
}
