import type { AuditBatchRow } from '../audit-schema.ts'
import { statement } from '../statement.ts'
import type { AuditEntry } from './entry.ts'

export const insertEvent = statement<AuditEntry & { writer: string; sequence: number }>()(
  ({ db, arg, now }) =>
    db
      .insertInto('audit_events')
      .values((eb) => ({
        writer: arg('writer'),
        sequence: arg('sequence'),
        at: eb(now, '-', arg('age')),
        since: eb(now, '-', arg('firstAge')),
        who: arg('who'),
        kind: arg('kind'),
        account: arg('account'),
        token: arg('token'),
        address: arg('address'),
        request: arg('request'),
        action: arg('action'),
        repository: arg('repository'),
        digest: arg('digest'),
        subject: arg('subject'),
        detail: arg('detail'),
        outcome: arg('outcome'),
        count: arg('count'),
      }))
      .returning(['at', 'since']),
)

/** Who has it locked is the only one to add a batch, and to take one away. */
export const lockChain = statement<object>()(({ db, dialect, now }) =>
  db
    .selectFrom('audit_chain')
    .select(['number', 'hash', 'trimmed', 'trimmed_hash', now.as('at')])
    .where('id', '=', 1)
    .$if(dialect === 'postgres', (query) => query.forUpdate()),
)

export const insertBatch = statement<AuditBatchRow>()(({ db, arg }) =>
  db.insertInto('audit_batches').values({
    number: arg('number'),
    previous: arg('previous'),
    writer: arg('writer'),
    after_sequence: arg('after_sequence'),
    last_sequence: arg('last_sequence'),
    count: arg('count'),
    at: arg('at'),
    ended: arg('ended'),
    entries: arg('entries'),
    hash: arg('hash'),
  }),
)

export const moveHead = statement<{ number: number; hash: string }>()(({ db, arg }) =>
  db
    .updateTable('audit_chain')
    .set({ number: arg('number'), hash: arg('hash') })
    .where('id', '=', 1),
)

interface Named {
  writer: string
}

export const insertWriter = statement<Named>()(({ db, arg, now }) =>
  db
    .insertInto('audit_writers')
    .values({ writer: arg('writer'), begun_at: now, seen_at: now, sealed: 0, ended: 0 }),
)

export const standingOf = statement<Named>()(({ db, arg }) =>
  db.selectFrom('audit_writers').select(['sealed', 'ended']).where('writer', '=', arg('writer')),
)

export const noteSealed = statement<Named & { sealed: number; ended: number }>()(({ db, arg, now }) =>
  db
    .updateTable('audit_writers')
    .set({ sealed: arg('sealed'), ended: arg('ended'), seen_at: now })
    .where('writer', '=', arg('writer')),
)

export const noteSeen = statement<Named>()(({ db, arg, now }) =>
  db
    .updateTable('audit_writers')
    .set({ seen_at: now })
    .where('writer', '=', arg('writer'))
    .where('ended', '=', 0),
)

export const silentWriters = statement<{ silence: number; limit: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('audit_writers')
    .select('writer')
    .where('ended', '=', 0)
    .where((eb) => eb('seen_at', '<', eb(now, '-', arg('silence'))))
    .orderBy('seen_at')
    .limit(arg('limit')),
)

export const isSilent = statement<Named & { silence: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('audit_writers')
    .select('sealed')
    .where('writer', '=', arg('writer'))
    .where('ended', '=', 0)
    .where((eb) => eb('seen_at', '<', eb(now, '-', arg('silence')))),
)

/** Rows of one writer in their order. */
export const eventsBetween = statement<Named & { after: number; last: number; limit: number }>()(
  ({ db, arg }) =>
    db
      .selectFrom('audit_events')
      .selectAll()
      .where('writer', '=', arg('writer'))
      .where('sequence', '>', arg('after'))
      .where('sequence', '<=', arg('last'))
      .orderBy('sequence')
      .limit(arg('limit')),
)
