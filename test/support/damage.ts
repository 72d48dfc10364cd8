import { Database } from 'bun:sqlite'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { VerificationReport } from '../../src/jobs/verify/report.ts'
import { attempt } from './command.ts'

const bin = join(import.meta.dir, '../../bin/berth')

/** The file that holds a digest, as the metadata says. */
export function objectFile(data: string, digest: string): string {
  const database = new Database(join(data, 'metadata.sqlite'), { readonly: true })
  try {
    const row = database
      .query<{ object_key: string }, [string]>('select object_key from blobs where digest = ?')
      .get(digest)
    if (!row) throw new Error(`no object holds ${digest}`)
    return join(data, row.object_key)
  } finally {
    database.close()
  }
}

/** Turns the bits of one byte around; done twice, the file is as it was. */
export async function flipByte(file: string, position: number): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    const byte = new Uint8Array(1)
    await handle.read(byte, 0, 1, position)
    byte[0] = (byte[0] ?? 0) ^ 0xff
    await handle.write(byte, 0, 1, position)
  } finally {
    await handle.close()
  }
}

export interface Verified {
  readonly exitCode: number
  readonly report: VerificationReport
}

/** Runs `berth verify` as an operator would, with its report as JSON. */
export async function verify(data: string, ...args: readonly string[]): Promise<Verified> {
  const { exitCode, stdout, stderr } = await attempt(bin, [
    'verify',
    '--data',
    data,
    '--output',
    'json',
    ...args,
  ])
  if (stdout === '') throw new Error(`berth verify ended with ${exitCode}: ${stderr}`)
  return { exitCode, report: JSON.parse(stdout) }
}
