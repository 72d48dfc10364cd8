import { Database } from 'bun:sqlite'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { committedKey } from '../../src/blobs/filesystem/paths.ts'
import { migrate, migrations } from '../../src/metadata/migrations/migrate.ts'
import { configureConnection } from '../../src/metadata/sqlite/connection.ts'
import { sqliteTransaction } from '../../src/metadata/sqlite/transaction.ts'
import { blobOf, type Manifest, newImage } from './load/content.ts'
import type { Random } from './load/random.ts'

/** How many versions of the tables are older than this Berth's. */
export const oldVersions = migrations.length - 1

export interface OldRegistry {
  /** Of the tables; 1 is the first. */
  readonly version: number
  readonly repository: string
  readonly images: readonly Manifest[]
}

/** Makes a data directory as an older Berth left it, with images tagged by their numbers. */
export async function writeOldRegistry(
  data: string,
  { version, random }: { version: number; random: Random },
): Promise<OldRegistry> {
  const repository = 'old/images'
  const layers = Array.from({ length: 3 }, () => blobOf(random.bytes(5000)))
  const images = layers.map((layer, number) => newImage({ name: `old ${number}`, layers: [layer] }))
  await mkdir(join(data, 'uploads'), { recursive: true })
  const database = new Database(join(data, 'metadata.sqlite'), { create: true })
  configureConnection(database)
  database.run('BEGIN')
  await migrate(sqliteTransaction(database), '0.1.0', migrations.slice(0, version))
  database.run('insert into repositories (name, created_at) values (?, 1)', [repository])
  for (const [number, image] of images.entries())
    await writeImage({ data, database, repository }, { image, tag: String(number) })
  database.run('COMMIT')
  database.close()
  return { version, repository, images }
}

async function writeImage(
  { data, database, repository }: { data: string; database: Database; repository: string },
  { image, tag }: { image: Manifest; tag: string },
): Promise<void> {
  const { digest, mediaType, bytes } = image
  database.run(
    `insert into manifests (repository, digest, media_type, bytes, content_size, pushed_at, confirmed_at)
      values (?, ?, ?, ?, 0, 1, 1)`,
    [repository, digest, mediaType, bytes],
  )
  database.run('insert into tags (repository, name, digest, updated_at) values (?, ?, ?, 1)', [
    repository,
    tag,
    digest,
  ])
  for (const blob of image.blobs) {
    const key = committedKey('old', blob.digest)
    await mkdir(dirname(join(data, key)), { recursive: true })
    await writeFile(join(data, key), blob.bytes)
    const of = [repository, blob.digest]
    database.run('insert into blobs (digest, object_key, size, created_at) values (?, ?, ?, 1)', [
      blob.digest,
      key,
      blob.bytes.length,
    ])
    database.run('insert into blob_links (repository, digest, confirmed_at) values (?, ?, 1)', of)
    const role = blob === image.blobs[0] ? 'config' : 'layer'
    database.run('insert into manifest_references (repository, digest, manifest, role) values (?, ?, ?, ?)', [
      ...of,
      digest,
      role,
    ])
  }
}
