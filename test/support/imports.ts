import { join } from 'node:path'
import { attempt, type CommandResult } from './command.ts'

export const berthExecutable = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')

/** What `berth import … --output json` prints. */
export interface ImportOutcome {
  readonly exitCode: number
  readonly repositories: number
  readonly manifests: { readonly imported: number; readonly present: number }
  readonly tags: { readonly imported: number; readonly present: number }
  readonly blobs: { readonly linked: number; readonly copied: number; readonly mounted: number }
  readonly bytes: { readonly linked: number; readonly copied: number }
  readonly skipped: readonly { repository: string; subject: string; reason: string }[]
  readonly ignored: readonly { path: string; reason: string }[]
}

/** Runs `berth import` to its end, as a user would. */
export function berthImport(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<CommandResult> {
  return attempt(berthExecutable, ['import', ...args], { env })
}

/** The same, for its result; throws where it prints none. */
export async function importResult(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ImportOutcome> {
  const { exitCode, stdout, stderr } = await berthImport([...args, '--output', 'json'], env)
  if (stdout === '') throw new Error(`berth import ended with ${exitCode}: ${stderr}`)
  return { exitCode, ...JSON.parse(stdout) }
}

/** What an import changed, one number for each kind: all are 0 where everything was there. */
export function changesOf({ manifests, tags, blobs }: ImportOutcome) {
  const { linked, copied, mounted } = blobs
  return { manifests: manifests.imported, tags: tags.imported, blobs: linked + copied + mounted }
}
