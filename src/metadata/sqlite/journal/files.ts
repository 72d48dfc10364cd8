import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/*
 * DATA/journal/
 *   <number>.log        changes of rows, in the order in which they were committed
 *   <number>.snapshot   all rows; with the logs of this and higher numbers it tells everything
 *   <number>.partial    a snapshot that is being written
 */

export interface JournalFile {
  readonly number: number
  readonly path: string
  readonly size: number
}

export interface JournalFiles {
  /** By number. */
  readonly logs: readonly JournalFile[]
  readonly snapshots: readonly JournalFile[]
  /** What a crash left of a snapshot. */
  readonly partial: readonly JournalFile[]
}

export function logPath(directory: string, number: number): string {
  return join(directory, `${number}.log`)
}

export function snapshotPath(directory: string, number: number): string {
  return join(directory, `${number}.snapshot`)
}

export function partialPath(directory: string, number: number): string {
  return join(directory, `${number}.partial`)
}

/** Makes the directory, for the registry's own user alone and durably. */
export async function makeJournalDirectory(directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700, recursive: true })
  await syncDirectory(dirname(directory))
}

/** An empty file for the registry's own user alone. */
export async function createPrivate(path: string): Promise<FileHandle> {
  return open(path, 'w', 0o600)
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** What lies in the directory; nothing where there is none. */
export async function listJournal(directory: string): Promise<JournalFiles> {
  const found: Record<string, JournalFile[]> = { log: [], snapshot: [], partial: [] }
  for (const name of await readdir(directory).catch(nothingIfMissing)) {
    const [, number, kind = ''] = /^(\d{1,15})\.(log|snapshot|partial)$/.exec(name) ?? []
    const path = join(directory, name)
    found[kind]?.push({ number: Number(number), path, size: (await stat(path)).size })
  }
  const sorted = (kind: string) => (found[kind] ?? []).sort((a, b) => a.number - b.number)
  return { logs: sorted('log'), snapshots: sorted('snapshot'), partial: sorted('partial') }
}

/** Removes files that a newer snapshot stands for; one that comes back after a power cut is harmless. */
export async function removeFiles(files: readonly JournalFile[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true })
}

function nothingIfMissing(error: unknown): string[] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
  throw error
}
