import { access, open } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './storage-errors.ts'

/** The file that says, whatever becomes of the database, that the registry has accounts. */
export function closedMark(data: string): string {
  return join(data, 'closed')
}

const text = `This registry has accounts: while this file is here, it is never open to everybody again,
whatever becomes of its database.
`

/** Its bytes are durable afterwards; its name is when the directory is synced. */
export async function writeClosedMark(data: string): Promise<void> {
  const file = await open(closedMark(data), 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

export async function hasClosedMark(data: string): Promise<boolean> {
  try {
    await access(closedMark(data))
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
