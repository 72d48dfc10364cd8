import { readFile } from 'node:fs/promises'
import type { AuditAnchor } from '../../../client/audit-management.ts'
import { CommandError } from '../../command.ts'

/** The latest hold what is before them too. */
const mostAnchors = 500

/**
 * The anchors that a file holds: lines of `berth audit anchor`, of the server's log in either format, or JSON.
 * @throws CommandError
 */
export async function anchorsIn(path: string): Promise<AuditAnchor[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} can not be read: ${error.code}`)
  })
  const anchors = readAnchors(text)
  if (anchors.length > 0) return anchors
  throw new CommandError(
    `there is no anchor in ${path}: each is a line such as number=12 hash=…, with 64 hexadecimal digits`,
  )
}

/** In the order of their numbers. */
export function readAnchors(text: string): AuditAnchor[] {
  const found = [...text.matchAll(/"?number"?\s*[=:]\s*(\d{1,15})[\s,]+"?hash"?\s*[=:]\s*"?([0-9a-f]{64})/g)]
  const anchors = found.map(([, number, hash = '']) => ({ number: Number(number), hash }))
  return anchors.sort((a, b) => a.number - b.number).slice(-mostAnchors)
}
