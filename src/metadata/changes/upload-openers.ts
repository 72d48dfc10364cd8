import { limitReached } from '../../oci/limit-reached.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'

/** Whose uploads are counted together. */
export interface Opener {
  readonly name: string
  /** How many he may have open. */
  readonly most: number
}

/**
 * After one more was opened, so that a change that is done twice counts once.
 * @throws TOO_MANY_UPLOADS
 */
export async function requireFewUploads(tx: Transaction, { name, most }: Opener): Promise<void> {
  const found = await tx.first(countOpenedBy, { name, more: most + 1 })
  if (Number(found?.count ?? 0) <= most) return
  throw limitReached(
    'TOO_MANY_UPLOADS',
    `you have ${most} uploads open, and no more may be: finish or cancel some; those without activity are dropped by and by`,
    { setting: 'limits.open-uploads', limit: most },
  )
}

const countOpenedBy = statement<{ name: string; more: number }>()<{ count: number | string }>(
  ({ db, arg }) =>
    db
      .selectFrom(
        db
          .selectFrom('uploads')
          .select('id')
          .where('opened_by', '=', arg('name'))
          .limit(arg('more'))
          .as('some'),
      )
      .select(({ fn }) => fn.countAll().as('count')) as never,
)
