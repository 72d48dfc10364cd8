import type { Attribution } from '../changes/attribution.ts'
import type { ChangeEvent } from '../changes/events.ts'
import type { Transaction } from '../engine.ts'

/** Puts what a change did on record, in its transaction. */
export async function recordEvent(tx: Transaction, event: ChangeEvent, by: Attribution): Promise<void> {
  await tx.audit?.record(tx, [
    {
      who: by.caller,
      kind: by.kind,
      account: by.account,
      token: by.accessToken,
      address: by.address,
      request: by.request,
      action: event.action,
      repository: event.repository ?? null,
      digest: event.digest ?? null,
      subject: event.subject ?? null,
      detail: event.detail === undefined ? null : JSON.stringify(event.detail),
      outcome: 'done',
      age: 0,
      firstAge: null,
      count: 1,
    },
  ])
}
