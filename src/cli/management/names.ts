import { parseAccountName, parseRobot, parseTeam } from '../../access/account-name.ts'
import type { GrantResource, Role, Visibility } from '../../client/access-management.ts'
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

/** `acme/builders`. @throws UsageError */
export function teamOf(text: string): { organisation: string; name: string } {
  return understood(text, () => parseTeam(text))
}

/** `acme+deploy`. @throws UsageError */
export function robotOf(text: string): { organisation: string; name: string } {
  return understood(text, () => parseRobot(text))
}

/** @throws UsageError */
export function visibilityOf(text: string): Visibility {
  if (text === 'public' || text === 'private') return text
  throw new UsageError(`--visibility is public or private, not ${JSON.stringify(text)}`)
}

/** @throws UsageError */
export function roleOf(text: string): Role {
  const roles: readonly Role[] = ['read', 'write', 'maintain', 'admin']
  const role = roles.find((one) => one === text)
  if (role) return role
  throw new UsageError(`a role is one of ${roles.join(', ')}, not ${JSON.stringify(text)}`)
}

/** The word between who and where. @throws UsageError */
export function requireOn(word: string): void {
  if (word === 'on') return
  throw new UsageError(`after the user or team comes the word on, not ${JSON.stringify(word)}`)
}

/** `alice/app` is a repository, `alice` a namespace, unless they are written otherwise. @throws UsageError */
export function resourceOf(text: string): GrantResource {
  const [, prefix, rest = ''] = /^(repository:|namespace:)?(.*)$/s.exec(text) ?? []
  const name = rest.replace(/\/(?:\*\*?)?$/, '')
  const namespace = prefix === 'namespace:' || (prefix === undefined && !name.includes('/'))
  return namespace
    ? { kind: 'namespace', name: understood(text, () => parseAccountName(name)) }
    : { kind: 'repository', name: repositoryOf(name) }
}
