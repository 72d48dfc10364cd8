import { z } from '@hono/zod-openapi'
import { parseDigest } from '../../oci/digest.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import { parseTag } from '../../oci/tag.ts'

/** What requests carry. Names become domain types here, and below nobody checks them again. */

export const largestPage = 1000
const standardPage = 100

const repository = z.string().transform(parseRepositoryName)
const tag = z.string().transform(parseTag)

export const repositoryPath = z.object({
  repository: repository.openapi({
    description: 'The name, as one part of the path: a slash in it is written %2F',
    example: 'team/app',
    param: { name: 'repository', in: 'path' },
  }),
})

export const tagPath = repositoryPath.extend({
  tag: tag.openapi({ example: 'latest', param: { name: 'tag', in: 'path' } }),
})

export const manifestPath = repositoryPath.extend({
  digest: z
    .string()
    .transform(parseDigest)
    .openapi({ example: `sha256:${'0'.repeat(64)}`, param: { name: 'digest', in: 'path' } }),
})

export const trashPath = z.object({
  id: z
    .string()
    .regex(/^[\w-]{1,100}$/, 'is no ID of a deletion')
    .openapi({ param: { name: 'id', in: 'path' } }),
})

export const limitQuery = z.object({
  limit: z.coerce.number().int().min(1).max(largestPage).default(standardPage).openapi({
    description: 'Entries of one page',
    type: 'integer',
    minimum: 1,
    maximum: largestPage,
    default: standardPage,
  }),
})

export const pageQuery = limitQuery.extend({
  after: z
    .string()
    .max(1000)
    // A database refuses NUL and lone surrogates as text.
    .refine((text) => !text.includes('\0') && text.isWellFormed(), 'is no text that a name could be')
    .default('')
    .openapi({ description: 'The `next` of the page before' }),
})

export const purgeQuery = z.object({
  purge: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .openapi({ description: 'Whether to delete for good, past the trash' }),
})

const moment = z.string().max(100).openapi({
  description: 'ISO 8601 with its zone, or an age such as 2h',
  example: '2026-11-25T14:00:00Z',
})

export const momentQuery = z.object({ at: moment.optional() })
export const repositoryQuery = z.object({ repository: repository.optional() })

export const tagRestoration = z
  .strictObject({ digest: z.string().transform(parseDigest).optional(), at: moment.optional() })
  .refine(({ digest, at }) => digest === undefined || at === undefined, 'digest and at both say where to')
  .openapi('TagRestoration')

export const trashRestoration = z
  .strictObject({ repository: repository.optional(), tag: tag.optional() })
  .openapi('TrashRestoration')

export const readOnlySwitch = z.strictObject({ readOnly: z.boolean() }).openapi('ReadOnlySwitch')
export const nothing = z.strictObject({}).openapi('Nothing')
