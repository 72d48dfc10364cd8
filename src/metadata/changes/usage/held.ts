import type { Digest } from '../../../oci/digest.ts'
import { statement } from '../../statement.ts'
import type { Counted } from './ledger.ts'

interface Content {
  namespace: string
  digest: Digest
}

/** Whether the namespace holds the digest: to hold it once more costs nothing. */
export async function isHeld(tx: Counted, content: Content): Promise<boolean> {
  return (await tx.first(heldContent, content)) !== undefined
}

const heldContent = statement<Content>()(({ db, arg }) =>
  db
    .selectFrom('namespace_content')
    .select('size')
    .where('namespace', '=', arg('namespace'))
    .where('digest', '=', arg('digest')),
)
