import type { FindsUsers } from '../../metadata/metadata-store.ts'
import { RegistryError } from '../../oci/errors.ts'
import { type Closable, closeForGood } from '../closing.ts'
import { parseAccountName } from '../names.ts'
import { readHtpasswd } from './htpasswd.ts'

export interface HtpasswdImport {
  /** Names of the users that were made. */
  readonly made: readonly string[]
  readonly skipped: readonly { readonly line: number; readonly name: string; readonly reason: string }[]
  /** Whether the first of them closed the registry. */
  readonly closed: boolean
  /** Whether the registry has an administrator, who can make others. */
  readonly administered: boolean
}

export interface HtpasswdImportRequest extends Closable {
  /** The text of the file. */
  readonly text: string
  /** Only tells what would be. */
  readonly dryRun: boolean
  newId(): string
}

/**
 * Makes a user without any rights but those on his own namespace for each entry that can be taken over. Who is there
 * already keeps his password.
 */
export async function importHtpasswd(request: HtpasswdImportRequest): Promise<HtpasswdImport> {
  const { metadata } = request
  const made: string[] = []
  const skipped: { line: number; name: string; reason: string }[] = []
  let closed = false
  for (const entry of readHtpasswd(request.text)) {
    const { name, line } = entry
    const result = 'skipped' in entry ? entry.skipped : await makeUser(request, entry)
    if (typeof result === 'string') skipped.push({ line, name, reason: result })
    else {
      made.push(name)
      closed ||= result.closed
    }
  }
  return { made, skipped, closed, administered: await hasAdministrator(metadata) }
}

/** @returns why he was not made, as text */
async function makeUser(
  { metadata, blobs, dryRun, newId }: HtpasswdImportRequest,
  { name, hash }: { name: string; hash: string },
): Promise<string | { closed: boolean }> {
  try {
    parseAccountName(name)
    if (await metadata.findUser(name)) return 'there is such a user already'
    if (dryRun) return { closed: false }
    const user = { id: newId(), name, email: null, passwordHash: hash, admin: false, first: false }
    const closed = await closeForGood({ metadata, blobs }, { why: 'users came from an htpasswd file' })
    await metadata.change('createUser', { ...user, invitation: null })
    return { closed }
  } catch (error) {
    if (error instanceof RegistryError) return error.message
    throw error
  }
}

async function hasAdministrator(metadata: FindsUsers): Promise<boolean> {
  for (let after = ''; ; ) {
    const users = await metadata.listUsers({ after, limit: 500 })
    if (users.some(({ admin, disabled }) => admin && !disabled)) return true
    const last = users.at(-1)
    if (!last) return false
    after = last.name
  }
}
