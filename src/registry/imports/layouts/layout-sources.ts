import { join } from 'node:path'
import { isRepositoryName, type RepositoryName } from '../../../oci/repository-name.ts'
import type { Tag } from '../../../oci/tag.ts'
import { type ImportSource, SourceError, type SourceNotes, type SourceRepository } from '../source.ts'
import { type Entry, entriesOf, isDirectory, linkNotFollowed, realPathOf } from '../source-files.ts'
import { indexFile, Layout, layoutFile, requireLayout } from './layout.ts'

export interface OneLayout {
  readonly directory: string
  readonly name: RepositoryName
  /** The one image that is meant, or what the only one is to be called. */
  readonly tag: Tag | undefined
  readonly notes: SourceNotes
}

/** One image layout, as the repository of this name. @throws SourceError */
export async function openLayout({ directory, name, tag, notes }: OneLayout): Promise<ImportSource> {
  const real = await realPathOf(directory)
  await requireLayout(real)
  const layout = new Layout({
    directory: real,
    name,
    notes,
    choose(entries) {
      if (!tag) return entries
      const named = entries.filter((entry) => entry.tag === tag)
      if (named.length > 0) return named
      const [only, ...others] = entries
      if (only && others.length === 0) return [{ digest: only.digest, tag }]
      const tags = entries.map((entry) => entry.tag ?? entry.digest).join(', ')
      throw new SourceError(`${directory} has no ${tag}; it has ${tags || 'nothing'}`)
    },
  })
  return {
    async *repositories() {
      yield layout
    },
  }
}

/** A tree of image layouts, as zot keeps them: the path of each is its repository's name. @throws SourceError */
export async function openLayoutTree(directory: string, notes: SourceNotes): Promise<ImportSource> {
  const root = await realPathOf(directory)
  if (!(await isDirectory(root))) throw new SourceError(`${directory} is not a directory`)
  for await (const { name } of entriesOf(root)) {
    if (name === layoutFile)
      throw new SourceError(
        `${directory} is an image layout itself: name its repository, as in berth import oci ${directory} NAME`,
      )
  }
  return { repositories: () => layoutsUnder(root, '', notes) }
}

async function* layoutsUnder(
  root: string,
  parent: string,
  notes: SourceNotes,
): AsyncGenerator<SourceRepository> {
  const directory = join(root, parent)
  try {
    const isLayout = parent !== '' && (await hasLayoutFile(directory))
    if (isLayout && isRepositoryName(parent)) {
      await requireLayout(directory)
      yield new Layout({ directory, name: parent, notes })
    }
    for await (const entry of entriesOf(directory)) {
      if (isLayout && ownNames.has(entry.name)) continue
      const nested = parent === '' ? entry.name : `${parent}/${entry.name}`
      if (entry.kind === 'directory' && isRepositoryName(nested)) yield* layoutsUnder(root, nested, notes)
      else await tell(entry, nested, notes)
    }
  } catch (error) {
    if (!(error instanceof SourceError) || parent === '') throw error
    notes.skip({ repository: parent, subject: 'repository', reason: error.message })
  }
}

/** What a layout has of its own, and zot in it. */
const ownNames: ReadonlySet<string> = new Set([layoutFile, indexFile, 'blobs', '.uploads', '.sync'])

async function tell(entry: Entry, nested: string, notes: SourceNotes): Promise<void> {
  const { path, kind } = entry
  if (kind === 'directory' && (await hasLayoutFile(path)))
    notes.skip({ repository: nested, subject: path, reason: 'this is not a repository name' })
  else notes.ignore(path, kind === 'link' ? linkNotFollowed : 'no image layout')
}

async function hasLayoutFile(directory: string): Promise<boolean> {
  for await (const { name } of entriesOf(directory)) if (name === layoutFile) return true
  return false
}
