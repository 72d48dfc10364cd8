import { join } from 'node:path'
import { algorithmOf, type Digest, digestAlgorithms, hexOf, isDigest } from '../../../oci/digest.ts'
import { isRepositoryName, type RepositoryName } from '../../../oci/repository-name.ts'
import { isTag } from '../../../oci/tag.ts'
import {
  type ImportSource,
  SourceError,
  type SourceFile,
  type SourceNotes,
  type SourceRepository,
  type SourceTag,
} from '../source.ts'
import {
  entriesOf,
  isDirectory,
  linkNotFollowed,
  openFile,
  readSmallFile,
  realPathOf,
} from '../source-files.ts'

/*
 * What distribution's filesystem driver keeps (its registry/storage/paths.go):
 *
 *   docker/registry/v2/
 *     blobs/<algorithm>/<ab>/<hex>/data                  the bytes of blobs and manifests, once for all
 *     repositories/<name>/                               names nest
 *       _layers/<algorithm>/<hex>/link                   the repository holds this blob
 *       _manifests/revisions/<algorithm>/<hex>/link      … this manifest
 *       _manifests/tags/<tag>/current/link               what the tag points at
 *       _manifests/tags/<tag>/index/…                    what it ever pointed at
 *       _uploads/                                        unfinished
 *
 * A link's text is the digest that the bytes lie under: not always the one in its path, which may be of another
 * algorithm. Without its link a repository does not hold a thing, whatever blobs/ has.
 */

const longestLink = 200

/** @param directory the root that distribution was given, or the `v2` directory below it. @throws SourceError */
export async function openDistribution(directory: string, notes: SourceNotes): Promise<ImportSource> {
  const root = await rootIn(directory)
  return { repositories: () => repositoriesUnder(root, '', notes) }
}

async function rootIn(directory: string): Promise<string> {
  const real = await realPathOf(directory)
  for (const root of [join(real, 'docker/registry/v2'), real]) {
    if (await isDirectory(join(root, 'repositories'))) return root
  }
  throw new SourceError(
    `${directory} holds no registry: name the directory that distribution was given (storage.filesystem.rootdirectory), in which docker/registry/v2 lies`,
  )
}

async function* repositoriesUnder(
  root: string,
  parent: string,
  notes: SourceNotes,
): AsyncGenerator<SourceRepository> {
  const directory = join(root, 'repositories', parent)
  try {
    for await (const { name, path, kind } of entriesOf(directory)) {
      const nested = parent === '' ? name : `${parent}/${name}`
      if (kind !== 'directory') notes.ignore(path, kind === 'link' ? linkNotFollowed : notOurs)
      else if (name === '_manifests' && isRepositoryName(parent))
        yield new DistributionRepository(root, parent, notes)
      else if (isRepositoryName(nested)) yield* repositoriesUnder(root, nested, notes)
      else if (!name.startsWith('_'))
        notes.skip({ repository: nested, subject: path, reason: 'this is not a repository name' })
      else if (name !== '_layers' && name !== '_uploads') notes.ignore(path, notOurs)
    }
  } catch (error) {
    if (!(error instanceof SourceError) || parent === '') throw error
    notes.skip({ repository: parent, subject: 'repository', reason: error.message })
  }
}

const notOurs = 'no part of a registry'

class DistributionRepository implements SourceRepository {
  readonly name: RepositoryName
  readonly #root: string
  readonly #notes: SourceNotes

  constructor(root: string, name: RepositoryName, notes: SourceNotes) {
    this.#root = root
    this.name = name
    this.#notes = notes
  }

  async *tags(): AsyncGenerator<SourceTag> {
    for await (const { name: tag, path, kind } of entriesOf(this.#path('_manifests/tags'))) {
      if (kind !== 'directory') this.#notes.ignore(path, kind === 'link' ? linkNotFollowed : 'not a tag')
      else if (!isTag(tag)) this.#skip(path, 'this is not a tag')
      else {
        const digest = await this.#noted(`tag ${tag}`, () => readLink(join(path, 'current/link')))
        if (digest) yield { tag, digest }
        else if (digest === undefined) this.#skip(`tag ${tag}`, 'it points at nothing')
      }
    }
  }

  async *manifests(): AsyncGenerator<Digest> {
    const revisions = this.#path('_manifests/revisions')
    for (const algorithm of digestAlgorithms) {
      for await (const { name, path, kind } of entriesOf(join(revisions, algorithm))) {
        const digest = `${algorithm}:${name}`
        if (kind !== 'directory' || !isDigest(digest))
          this.#notes.ignore(path, kind === 'link' ? linkNotFollowed : 'not a manifest')
        // One whose link is gone or empty was deleted.
        else if (await this.#noted(digest, () => readLink(join(path, 'link')))) yield digest
      }
    }
  }

  openManifest(digest: Digest): Promise<SourceFile | undefined> {
    return this.#openLinked(this.#path('_manifests/revisions', ...partsOf(digest), 'link'))
  }

  openBlob(digest: Digest): Promise<SourceFile | undefined> {
    return this.#openLinked(this.#path('_layers', ...partsOf(digest), 'link'))
  }

  async #openLinked(link: string): Promise<SourceFile | undefined> {
    const target = await readLink(link)
    if (!target) return undefined
    const [algorithm, hex] = partsOf(target)
    const path = join(this.#root, 'blobs', algorithm, hex.slice(0, 2), hex, 'data')
    const file = await openFile(path)
    if (!file) throw new SourceError(`${path} is missing`)
    return file
  }

  #path(...parts: string[]): string {
    return join(this.#root, 'repositories', this.name, ...parts)
  }

  #skip(subject: string, reason: string): void {
    this.#notes.skip({ repository: this.name, subject, reason })
  }

  /** What can't be read is told of and stands for null, so that the rest of a list still comes. */
  async #noted<T>(subject: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      this.#skip(subject, error.message)
      return null
    }
  }
}

function partsOf(digest: Digest): [algorithm: string, hex: string] {
  return [algorithmOf(digest), hexOf(digest)]
}

/** The digest in a link; undefined where there is none, or an empty one. @throws SourceError */
async function readLink(path: string): Promise<Digest | undefined> {
  const bytes = await readSmallFile(path, longestLink)
  const text = new TextDecoder().decode(bytes).trim()
  if (text === '') return undefined
  if (isDigest(text)) return text
  throw new SourceError(`${path} holds no digest`)
}
