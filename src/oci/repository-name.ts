import { RegistryError } from './errors.ts'

/** A repository's name, checked against the specification's grammar: `library/ubuntu`. */
export type RepositoryName = string & { readonly __brand: 'RepositoryName' }

export const longestRepositoryName = 255

const grammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

/** @throws NAME_INVALID */
export function parseRepositoryName(text: string): RepositoryName {
  if (isRepositoryName(text)) return text
  throw new RegistryError('NAME_INVALID', explain(text), { detail: { name: text.slice(0, 300) } })
}

export function isRepositoryName(text: string): text is RepositoryName {
  return text.length <= longestRepositoryName && grammar.test(text)
}

function explain(text: string): string {
  if (text.length > longestRepositoryName) {
    return `a repository name has at most ${longestRepositoryName} characters; this one has ${text.length}`
  }
  return 'a repository name is made of lower-case letters and digits, separated by ., _, __ or dashes, in components separated by single slashes'
}
