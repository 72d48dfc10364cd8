import type { Digest } from '../../oci/digest.ts'
import type { ReferenceRole } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Transaction } from '../engine.ts'
import { field, perLength, places, slices, statement } from '../statement.ts'

export interface Reference {
  digest: Digest
  role: ReferenceRole
}

export interface ReferencesOf {
  repository: RepositoryName
  manifest: Digest
}

export async function insertReferences(
  tx: Transaction,
  { references, ...manifest }: ReferencesOf & { references: readonly Reference[] },
): Promise<void> {
  for (const rows of slices(references)) await tx.run(insertRows(rows.length), { ...manifest, rows })
}

/** Removes what a manifest refers to. @returns what it referred to */
export function deleteReferences(tx: Transaction, manifest: ReferencesOf): Promise<Reference[]> {
  return tx.all(deleteRows, manifest)
}

/** A manifest of the repository that needs the digest: one whose subject it is doesn't. */
export async function userOf(
  tx: Transaction,
  address: { repository: RepositoryName; digest: Digest },
): Promise<Digest | undefined> {
  return (await tx.first(anyUser, address))?.manifest
}

const insertRows = perLength((length) =>
  statement<ReferencesOf & { rows: readonly Reference[] }>()(({ db, arg }) =>
    db
      .insertInto('manifest_references')
      .values(
        places(arg('rows'), length).map((row) => ({
          repository: arg('repository'),
          manifest: arg('manifest'),
          digest: field(row, 'digest'),
          role: field(row, 'role'),
        })),
      )
      .onConflict((conflict) => conflict.doNothing()),
  ),
)

const deleteRows = statement<ReferencesOf>()(({ db, arg }) =>
  db
    .deleteFrom('manifest_references')
    .where('repository', '=', arg('repository'))
    .where('manifest', '=', arg('manifest'))
    .returning(['digest', 'role']),
)

const anyUser = statement<{ repository: RepositoryName; digest: Digest }>()(({ db, arg }) =>
  db
    .selectFrom('manifest_references')
    .select('manifest')
    .where('repository', '=', arg('repository'))
    .where('digest', '=', arg('digest'))
    .where('role', '!=', 'subject')
    .orderBy('manifest')
    .limit(1),
)
