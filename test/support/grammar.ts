import fc from 'fast-check'
import { type Digest, type DigestAlgorithm, digestAlgorithms } from '../../src/oci/digest.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { Tag } from '../../src/oci/tag.ts'

/*
 * What the specification's grammar produces, put together piece by piece: independent of the expressions by which
 * the source recognizes it.
 */

const lowerAlphanumeric = [...'abcdefghijklmnopqrstuvwxyz0123456789']
const hexDigits = [...'0123456789abcdef']
const tagStart = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_']
const tagRest = [...tagStart, '.', '-']

/** Components that are words of the routes too. */
const routeWords = ['manifests', 'blobs', 'tags', 'uploads', 'list', 'referrers', 'v2']

function textOf(letters: readonly string[], length: { min: number; max: number }): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.constantFrom(...letters),
    minLength: length.min,
    maxLength: length.max,
  })
}

const separator = fc.oneof(fc.constantFrom('.', '_', '__'), textOf(['-'], { min: 1, max: 3 }))

const component = fc
  .tuple(
    textOf(lowerAlphanumeric, { min: 1, max: 6 }),
    fc.array(fc.tuple(separator, textOf(lowerAlphanumeric, { min: 1, max: 6 })), { maxLength: 3 }),
  )
  .map(([first, rest]) => first + rest.flat().join(''))

export const repositoryNames: fc.Arbitrary<RepositoryName> = fc
  .array(fc.oneof(component, fc.constantFrom(...routeWords)), { minLength: 1, maxLength: 5 })
  .map((components) => components.join('/') as RepositoryName)

export const tags: fc.Arbitrary<Tag> = fc
  .tuple(fc.constantFrom(...tagStart), textOf(tagRest, { min: 0, max: 127 }))
  .map(([first, rest]) => (first + rest) as Tag)

const hexLengths: Record<DigestAlgorithm, number> = { sha256: 64, sha512: 128 }

export const digests: fc.Arbitrary<Digest> = fc
  .constantFrom(...digestAlgorithms)
  .chain((algorithm) =>
    textOf(hexDigits, { min: hexLengths[algorithm], max: hexLengths[algorithm] }).map(
      (hex) => `${algorithm}:${hex}` as Digest,
    ),
  )

/** Any string at all: Unicode, halves of surrogate pairs, NUL, and the characters that grammars are made of. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 50 }),
  fc.string({ unit: fc.constantFrom(...'aA0._-/:@% \0\n\ud800'), maxLength: 12 }),
)

/** A valid text with one character put in that its grammar has no place for. */
export function spoiled(valid: fc.Arbitrary<string>, forbidden: string): fc.Arbitrary<string> {
  return fc.tuple(valid, fc.constantFrom(...forbidden), fc.nat()).map(([text, letter, at]) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + letter + text.slice(place)
  })
}
