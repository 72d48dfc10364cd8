import type { Digest } from '../../oci/digest.ts'
import { limitReached } from '../../oci/limit-reached.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import { perLength, places, slices, statement } from '../statement.ts'
import type { LinkAddress } from './links.ts'

/** More entries of indexes than these are not looked at for one push, whatever lies in the repository. */
const mostEntries = 100_000

/**
 * After an index and what it lists are on record: how deep indexes lie within it, and it within others that were pushed
 * before it. Trees that can't be looked through in a moment are refused alike.
 * @param most indexes one within the other, it and those around it among them
 * @throws MANIFEST_INVALID
 */
export async function requireFlat(
  tx: Transaction,
  { most, ...index }: LinkAddress & { most: number },
): Promise<void> {
  const below = await walk(tx, { ...index, step: listedBy, most })
  const above = below > most ? 0 : await walk(tx, { ...index, step: listing, most: most - below })
  if (below + above <= most) return
  throw limitReached(
    'MANIFEST_INVALID',
    `at most ${most} indexes may lie one within the other: list their images in fewer levels`,
    { setting: 'limits.nesting', limit: most },
  )
}

/**
 * Level by level, each digest once on each: the same entries in many indexes don't make it longer.
 * @returns levels, at most one more than `most`
 */
async function walk(
  tx: Transaction,
  { repository, digest, step, most }: LinkAddress & { step: typeof listedBy; most: number },
): Promise<number> {
  let level: readonly Digest[] = [digest]
  let left = mostEntries
  for (let depth = 0; ; depth += 1) {
    const next = new Set<Digest>()
    for (const digests of slices(level)) {
      const found = await tx.all(step(digests.length), { repository, digests, most: left + 1 })
      left -= found.length
      if (left < 0) throw tooMany(most)
      for (const entry of found) next.add(entry.digest)
    }
    if (next.size === 0 || depth > most) return depth
    level = [...next]
  }
}

function tooMany(most: number) {
  return limitReached(
    'MANIFEST_INVALID',
    `the indexes around this one list more than ${mostEntries} entries together: list fewer in each`,
    { setting: 'limits.nesting', limit: most },
  )
}

interface Level {
  repository: RepositoryName
  digests: readonly Digest[]
  most: number
}

const listedBy = perLength((length) =>
  statement<Level>()(({ db, arg }) =>
    db
      .selectFrom('manifest_references')
      .select('digest')
      .where('repository', '=', arg('repository'))
      .where('manifest', 'in', places(arg('digests'), length))
      .where('role', '=', 'child')
      .limit(arg('most')),
  ),
)

const listing = perLength((length) =>
  statement<Level>()(({ db, arg }) =>
    db
      .selectFrom('manifest_references')
      .select('manifest as digest')
      .where('repository', '=', arg('repository'))
      .where('digest', 'in', places(arg('digests'), length))
      .where('role', '=', 'child')
      .limit(arg('most')),
  ),
)
