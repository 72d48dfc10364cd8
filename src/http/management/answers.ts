import { z } from '@hono/zod-openapi'

/** What answers carry: the same as what the use cases return. */

export const time = z.string().openapi({ format: 'date-time' })
const digest = z.string().openapi({ example: `sha256:${'0'.repeat(64)}` })
export const count = z.number().int()
/** Lists are read-only where they come from; in the schema, where the word means something else, they are plain. */
export const listOf = <S extends z.ZodType>(entry: S) =>
  z.array(entry) as unknown as z.ZodReadonly<z.ZodArray<S>>
export const next = z
  .string()
  .nullable()
  .openapi({ description: 'The `after` of the next page; null on the last' })

export const repository = z
  .object({
    name: z.string(),
    tags: count,
    manifests: count,
    blobs: count.openapi({ description: 'Blobs of the repository, each once; others may share them' }),
    bytes: count.openapi({ description: 'Bytes of these blobs' }),
    lastPush: time.nullable(),
    visibility: z.enum(['public', 'private']),
  })
  .openapi('Repository')

export const repositories = z.object({ repositories: listOf(repository), next }).openapi('Repositories')

const trash = z
  .string()
  .nullable()
  .openapi({ description: 'What the deletion can be taken back by; null: it is for good' })

export const deleted = z.object({ trash }).openapi('Deleted')

export const deletedRepository = z
  .object({ repository: z.string(), manifests: count, tags: count, trash })
  .openapi('DeletedRepository')

const tag = z
  .object({
    tag: z.string(),
    digest,
    mediaType: z.string(),
    size: count.openapi({ description: 'Bytes of config and layers together; 0 for an index' }),
    updatedAt: time.openapi({ description: 'Since when the tag points at this manifest' }),
    pushedAt: time.openapi({ description: 'When the manifest was first pushed' }),
  })
  .openapi('Tag')

export const tags = z.object({ tags: listOf(tag), next }).openapi('Tags')

const move = z
  .object({
    digest: digest.nullable().openapi({ description: 'Null: the tag was deleted' }),
    at: time,
    caller: z.string(),
  })
  .openapi('TagMove')

export const history = z
  .object({ repository: z.string(), tag: z.string(), moves: listOf(move) })
  .openapi('TagHistory')

export const resolved = z
  .object({
    repository: z.string(),
    tag: z.string(),
    digest,
    manifest: z.enum(['there', 'trash', 'gone']).openapi({ description: 'Whether it can still be pulled' }),
  })
  .openapi('ResolvedTag')

export const restoredTag = z
  .object({ repository: z.string(), tag: z.string(), digest, before: digest.nullable() })
  .openapi('RestoredTag')

const trashItem = z
  .object({
    id: z.string(),
    repository: z.string(),
    kind: z.enum(['tag', 'manifest', 'repository']),
    name: z.string().openapi({ description: 'The tag or the digest; empty for a repository' }),
    digest: digest.nullable().openapi({ description: 'What a deleted tag pointed at' }),
    deletedAt: time,
    expiresAt: time,
    caller: z.string(),
    manifests: count,
    tags: listOf(z.string()).openapi({ description: 'The first thousand' }),
    tagCount: count,
    restoringTo: z.string().nullable().openapi({ description: 'Where a part of it was restored to already' }),
  })
  .openapi('TrashItem')

export const trashItems = z.object({ trash: listOf(trashItem), next }).openapi('Trash')

export const restored = z
  .object({
    id: z.string(),
    repository: z.string(),
    manifests: count,
    tags: count,
    skipped: listOf(z.string()).openapi({ description: 'Tags that were set to something else meanwhile' }),
    missing: listOf(digest).openapi({ description: 'Manifests that a restored index lists, gone for good' }),
  })
  .openapi('Restored')

export const emptied = z.object({ emptied: count }).openapi('Emptied')

export const readOnly = z
  .object({
    readOnly: z.boolean(),
    setting: z.boolean().openapi({ description: 'Whether the setting server.read-only says so' }),
    switched: z.object({ by: z.string(), at: time }).nullable(),
  })
  .openapi('ReadOnly')

const run = z
  .object({
    runner: z.string(),
    startedAt: time,
    finishedAt: time,
    links: count,
    manifests: count,
    objects: count,
    bytes: count,
  })
  .openapi('CollectorRun')

export const runs = z.object({ runs: listOf(run) }).openapi('CollectorRuns')

export const started = z
  .object({ started: z.boolean().openapi({ description: 'False: a run is under way already' }) })
  .openapi('CollectorStarted')

const errors = z
  .object({
    errors: listOf(z.object({ code: z.string(), message: z.string(), detail: z.unknown().optional() })),
  })
  .openapi('Errors')

type Schema = z.ZodType

/** The answers of a route: the one that it is asked for, and the form of every other. */
export function answers<S extends Schema>(schema: S, description: string) {
  return {
    200: { description, content: { 'application/json': { schema } } },
    default: { description: 'What went wrong', content: { 'application/json': { schema: errors } } },
  }
}

/** The body of a request. */
export function takes<S extends Schema>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } }
}
