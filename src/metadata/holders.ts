import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Reader } from './engine.ts'
import { statement } from './statement.ts'

interface Address {
  readonly repository: RepositoryName
  readonly digest: Digest
}

/** What is taken as gone already by who asks what the collector would do. */
export interface Assumed {
  /** Whether this manifest was taken away. */
  gone(manifest: Address): boolean
  /** Whether this deletion was forgotten for good. */
  emptied(trash: string): boolean
}

const nothing: Assumed = { gone: () => false, emptied: () => false }

/** Holders that one look brings where some of them may be assumed to be gone. */
const lookedAt = 200

/** A tag of the manifest, in words. */
export async function tagOf(db: Reader, args: Address): Promise<string | undefined> {
  const tag = await db.first(anyTag, args)
  return tag && `tag ${tag.name}`
}

/** A manifest or a deletion of the repository that needs the digest, in words. */
export async function holderOf(db: Reader, args: Address, assumed = nothing): Promise<string | undefined> {
  const limit = assumed === nothing ? 1 : lookedAt
  const { repository } = args
  const user = await firstLeft(
    async (after) => (await db.all(users, { ...args, after, limit })).map(({ manifest }) => manifest),
    (manifest) => assumed.gone({ repository, digest: manifest as Digest }),
    limit,
  )
  if (user !== undefined) return `manifest ${user}`
  const trash = await firstLeft(
    async (after) => (await db.all(trashHolders, { ...args, after, limit })).map((row) => row.trash),
    (id) => assumed.emptied(id),
    limit,
  )
  return trash && `trash ${trash}`
}

/** The subject of a manifest, live or in the trash, in words. */
export async function subjectOf(
  db: Reader,
  { repository, subject }: { repository: RepositoryName; subject: Digest },
  assumed = nothing,
): Promise<string | undefined> {
  const address = { repository, digest: subject }
  const live = (await db.first(liveManifest, address)) && !assumed.gone(address)
  if (live) return `its subject ${subject}`
  const limit = assumed === nothing ? 1 : lookedAt
  const trash = await firstLeft(
    async (after) => (await db.all(trashedManifest, { ...address, after, limit })).map((row) => row.trash),
    (id) => assumed.emptied(id),
    limit,
  )
  return trash && `its subject ${subject}, in trash ${trash}`
}

/** What is taken as gone already of all that holds a blob. */
export interface BlobAssumed {
  /** Whether the repository's link was taken away. */
  unlinked(repository: RepositoryName): boolean
  emptied(trash: string): boolean
}

/** The bytes of a blob that nothing but what is assumed to be gone holds; 0 where something else does. */
export async function freedBytes(db: Reader, digest: Digest, assumed: BlobAssumed): Promise<number> {
  const limit = lookedAt
  const link = await firstLeft(
    async (after) => (await db.all(links, { digest, after, limit })).map(({ repository }) => repository),
    (repository) => assumed.unlinked(repository as RepositoryName),
    limit,
  )
  if (link !== undefined) return 0
  const trash = await firstLeft(
    async (after) => (await db.all(blobTrash, { digest, after, limit })).map((row) => row.trash),
    (id) => assumed.emptied(id),
    limit,
  )
  return trash === undefined ? ((await db.first(blobSize, { digest }))?.size ?? 0) : 0
}

/** The first name that is not passed over, page by page. */
async function firstLeft(
  page: (after: string) => Promise<string[]>,
  passedOver: (name: string) => boolean,
  limit: number,
): Promise<string | undefined> {
  let after = ''
  for (;;) {
    const names = await page(after)
    const found = names.find((name) => !passedOver(name))
    if (found !== undefined || names.length < limit) return found
    after = names.at(-1) ?? ''
  }
}

interface HolderPage extends Address {
  readonly after: string
  readonly limit: number
}

const anyTag = statement<Address>()(({ db, arg }) =>
  db
    .selectFrom('tags')
    .select('name')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .limit(1),
)

const users = statement<HolderPage>()(({ db, arg }) =>
  db
    .selectFrom('manifest_references')
    .select('manifest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('role', '!=', 'subject')
    .where('manifest', '>', arg('after') as Digest)
    .orderBy('manifest')
    .limit(arg('limit')),
)

const trashHolders = statement<HolderPage>()(({ db, arg }) =>
  db
    .selectFrom('trashed_references')
    .select('trash')
    .distinct()
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('trash', '>', arg('after'))
    .orderBy('trash')
    .limit(arg('limit')),
)

const liveManifest = statement<Address>()(({ db, arg }) =>
  db
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest')),
)

const trashedManifest = statement<HolderPage>()(({ db, arg }) =>
  db
    .selectFrom('trashed_manifests')
    .innerJoin('trash', 'trash.id', 'trashed_manifests.trash')
    .select('trashed_manifests.trash')
    .where('trash.repository', '=', arg('repository'))
    .where('trashed_manifests.digest', '=', arg('digest'))
    .where('trashed_manifests.trash', '>', arg('after'))
    .orderBy('trashed_manifests.trash')
    .limit(arg('limit')),
)

interface BlobPage {
  readonly digest: Digest
  readonly after: string
  readonly limit: number
}

const links = statement<BlobPage>()(({ db, arg }) =>
  db
    .selectFrom('blob_links')
    .select('repository')
    .where('digest', '=', arg('digest'))
    .where('repository', '>', arg('after') as RepositoryName)
    .orderBy('repository')
    .limit(arg('limit')),
)

const blobTrash = statement<BlobPage>()(({ db, arg }) =>
  db
    .selectFrom('trashed_references')
    .select('trash')
    .distinct()
    .where('digest', '=', arg('digest'))
    .where('held', '=', 1)
    .where('trash', '>', arg('after'))
    .orderBy('trash')
    .limit(arg('limit')),
)

const blobSize = statement<{ digest: Digest }>()(({ db, arg }) =>
  db.selectFrom('blobs').select('size').where('digest', '=', arg('digest')),
)
