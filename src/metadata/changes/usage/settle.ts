import type { Digest } from '../../../oci/digest.ts'
import type { NamespaceContentRow } from '../../quotas-schema.ts'
import { field, perLength, places, slices, statement } from '../../statement.ts'
import type { ContentChange, Counted } from './ledger.ts'
import { type DefaultLimits, noLimits } from './limits.ts'
import { requireRoom } from './room.ts'

/**
 * Puts on record what a change has noted. Its rows come last of all that the transaction locks, those of the content
 * before those of the usage and each in order: so nobody waits in a circle, and nobody waits for long.
 * @throws QUOTA_EXCEEDED, QUOTA_BUSY
 */
export async function settleUsage(tx: Counted, defaults: DefaultLimits = noLimits): Promise<void> {
  for (const slice of slices(tx.ledger.content)) await settleContent(tx, slice)
  for (const change of tx.ledger.usage) await requireRoom(tx, change, defaults)
}

async function settleContent(tx: Counted, changes: readonly ContentChange[]): Promise<void> {
  const rows = await sized(tx, changes)
  const held = await tx.all(upsertContent(rows.length), { rows })
  const noted = new Map(changes.map((change) => [keyOf(change), change]))
  const gone: NamespaceContentRow[] = []
  for (const row of held) {
    const change = noted.get(keyOf(row))
    if (!change) continue
    const now = row.live + row.trashed
    const before = now - change.live - change.trashed
    if (now <= 0) gone.push(row)
    if (before <= 0 && now > 0) tx.ledger.usageOf(row.namespace).bytes += row.size
    if (before > 0 && now <= 0) tx.ledger.usageOf(row.namespace).bytes -= row.size
  }
  for (const row of gone) await tx.run(deleteContent, row)
}

function keyOf({ namespace, digest }: { namespace: string; digest: Digest }): string {
  return `${namespace} ${digest}`
}

type Sized = ContentChange & { size: number }

/** What begins to be held has a size: of what comes out of a repository's own links its blob knows it. */
async function sized(tx: Counted, changes: readonly ContentChange[]): Promise<Sized[]> {
  const unknown = changes.filter(({ size, live, trashed }) => size === undefined && live + trashed > 0)
  const sizes = new Map<Digest, number>()
  for (const slice of slices(unknown)) {
    const digests = slice.map(({ digest }) => digest)
    for (const { digest, size } of await tx.all(blobSizes(digests.length), { digests }))
      sizes.set(digest, size)
  }
  return changes.map((change) => ({ ...change, size: change.size ?? sizes.get(change.digest) ?? 0 }))
}

const blobSizes = perLength((length) =>
  statement<{ digests: readonly Digest[] }>()(({ db, arg }) =>
    db
      .selectFrom('blobs')
      .select(['digest', 'size'])
      .where('digest', 'in', places(arg('digests'), length)),
  ),
)

const upsertContent = perLength((length) =>
  statement<{ rows: readonly Sized[] }>()(({ db, arg }) =>
    db
      .insertInto('namespace_content')
      .values(
        places(arg('rows'), length).map((row) => ({
          namespace: field(row, 'namespace'),
          digest: field(row, 'digest'),
          size: field(row, 'size'),
          live: field(row, 'live'),
          trashed: field(row, 'trashed'),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['namespace', 'digest']).doUpdateSet((eb) => ({
          live: eb('namespace_content.live', '+', eb.ref('excluded.live')),
          trashed: eb('namespace_content.trashed', '+', eb.ref('excluded.trashed')),
        })),
      )
      .returning(['namespace', 'digest', 'size', 'live', 'trashed']),
  ),
)

/** Only what another transaction has not begun to hold since. */
const deleteContent = statement<{ namespace: string; digest: Digest }>()(({ db, arg }) =>
  db
    .deleteFrom('namespace_content')
    .where('namespace', '=', arg('namespace'))
    .where('digest', '=', arg('digest')),
)
