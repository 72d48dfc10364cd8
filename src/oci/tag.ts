import { RegistryError } from './errors.ts'

/** A tag, checked against the specification's grammar: `latest`. */
export type Tag = string & { readonly __brand: 'Tag' }

const grammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** @throws TAG_INVALID */
export function parseTag(text: string): Tag {
  if (isTag(text)) return text
  throw new RegistryError(
    'TAG_INVALID',
    'a tag is 1 to 128 letters, digits, dots, dashes and underscores, and starts with none of dot and dash',
    { detail: { tag: text.slice(0, 200) } },
  )
}

export function isTag(text: string): text is Tag {
  return grammar.test(text)
}
