import { sql } from 'kysely'
import type { AuditKey, AuditPosition, AuditSlice } from '../audit-store.ts'
import { type Statement, statement } from '../statement.ts'

type SliceArguments = AuditPosition & { value: string; end: number; limit: number }

type Order = AuditSlice['order']

function sliceBy(by: AuditKey['by'], order: Order) {
  return statement<SliceArguments>()(({ db, arg }) => {
    const direction = order === 'newest' ? ('desc' as const) : ('asc' as const)
    return (
      db
        .selectFrom('audit_events')
        .selectAll()
        .$if(by === 'who', (query) => query.where('who', '=', arg('value')))
        .$if(by === 'action', (query) => query.where('action', '=', arg('value')))
        .$if(by === 'repository', (query) => query.where('repository', '=', arg('value')))
        // In these words the index says which rows it has.
        .$if(by === 'outcome', (query) =>
          query
            .where('outcome', '<>', sql.lit('done' as const))
            .where('outcome', '=', arg('value') as 'denied'),
        )
        .where(({ eb, refTuple, tuple }) =>
          eb(
            refTuple('at', 'writer', 'sequence'),
            order === 'newest' ? '<' : '>',
            tuple(arg('at'), arg('writer'), arg('sequence')),
          ),
        )
        .where('at', order === 'newest' ? '>=' : '<=', arg('end'))
        .orderBy('at', direction)
        .orderBy('writer', direction)
        .orderBy('sequence', direction)
        .limit(arg('limit'))
    )
  })
}

type Slice = ReturnType<typeof sliceBy>

const both = (by: AuditKey['by']): Record<Order, Slice> => ({
  newest: sliceBy(by, 'newest'),
  oldest: sliceBy(by, 'oldest'),
})

/** One for each index and order. */
export const eventSlices: Readonly<Record<AuditKey['by'], Record<Order, Slice>>> = {
  time: both('time'),
  who: both('who'),
  action: both('action'),
  repository: both('repository'),
  outcome: both('outcome'),
}

export const chain = statement<object>()(({ db, now }) =>
  db
    .selectFrom('audit_chain')
    .select(['number', 'hash', 'trimmed', 'trimmed_hash', now.as('at')])
    .where('id', '=', 1),
)

export const batchesBehind = statement<{ after: number; last: number; limit: number }>()(({ db, arg }) =>
  db
    .selectFrom('audit_batches')
    .selectAll()
    .where('number', '>', arg('after'))
    .where('number', '<=', arg('last'))
    .orderBy('number')
    .limit(arg('limit')),
)

export const lastBatch = statement<object>()(({ db }) =>
  db.selectFrom('audit_batches').select(['number', 'hash']).orderBy('number', 'desc').limit(1),
)

export const batchHash = statement<{ number: number }>()(({ db, arg }) =>
  db.selectFrom('audit_batches').select('hash').where('number', '=', arg('number')),
)

/** The next writer that has rows. */
export const nextWriter = statement<{ after: string }>()(({ db, arg }) =>
  db
    .selectFrom('audit_events')
    .select('writer')
    .where('writer', '>', arg('after'))
    .orderBy('writer')
    .limit(1),
)

const batchOfWriter = (order: 'asc' | 'desc') =>
  statement<{ writer: string }>()(({ db, arg }) =>
    db
      .selectFrom('audit_batches')
      .select(['number', 'after_sequence', 'last_sequence', 'ended'])
      .where('writer', '=', arg('writer'))
      .orderBy('number', order)
      .limit(1),
  )

export const firstBatchOf = batchOfWriter('asc')
export const lastBatchOf = batchOfWriter('desc')

/** How many rows a writer has there, and the first of them. */
export const rowsOutside = statement<{ writer: string; after: number; last: number }>()(({ db, arg }) =>
  db
    .selectFrom('audit_events')
    .select(({ fn }) => [
      fn.countAll<number>().as('count'),
      fn.min<number | null>('sequence').as('first'),
      fn.min<number | null>('at').as('oldest'),
    ])
    .where('writer', '=', arg('writer'))
    .where('sequence', '>', arg('after'))
    .where('sequence', '<=', arg('last')),
)

/** The last that retention says of where the chain begins. */
export const lastTrim: Statement<object, { detail: string | null; at: number }> = statement<object>()(
  ({ db }) =>
    db
      .selectFrom('audit_events')
      .select(['detail', 'at'])
      .where('action', '=', 'audit:trim')
      .orderBy('at', 'desc')
      .orderBy('writer', 'desc')
      .orderBy('sequence', 'desc')
      .limit(1),
)
