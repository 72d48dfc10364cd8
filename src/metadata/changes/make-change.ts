import { recordEvent } from '../audit/record-event.ts'
import type { Transaction } from '../engine.ts'
import type { Attribution } from './attribution.ts'
import { applyChange, type ChangeArguments, type ChangeName, type ChangeResult } from './changes.ts'
import { type ChangeEvent, eventOf } from './events.ts'
import { namesBefore } from './named-subjects.ts'
import { tellWebhooks } from './tell-webhooks.ts'
import { type Counted, Ledger } from './usage/ledger.ts'
import type { DefaultLimits } from './usage/limits.ts'
import { settleUsage } from './usage/settle.ts'

/** One change, as it is sent to whoever makes it. */
export interface ChangeOrder<N extends ChangeName = ChangeName> {
  readonly name: N
  readonly args: ChangeArguments<N>
  readonly by: Attribution
}

/** Hears of what was done in the transaction that does it. */
export type TellEvent = (tx: Transaction, event: ChangeEvent, by: Attribution) => Promise<void>

/** Who is told of each event, in this order. */
const told: readonly TellEvent[] = [recordEvent, tellWebhooks]

/** Makes a change, and puts on record in the same transaction what was done and by whom. */
export async function makeChange<N extends ChangeName>(
  tx: Transaction,
  { name, args, by }: ChangeOrder<N>,
): Promise<ChangeResult<N>> {
  const names = await namesBefore(tx, name, args)
  const counted: Counted = { ...tx, ledger: new Ledger() }
  const result: ChangeResult<N> = await applyChange<N>(counted, name, args)
  const known = eventOf(name, args, result)
  const event = known && names ? { ...known, detail: { ...known.detail, ...names } } : known
  if (event) for (const tell of told) await tell(tx, event, by)
  // Last: of all rows, those of a namespace's usage are the ones that others wait for.
  await settleUsage(counted, (args as { quota?: DefaultLimits }).quota)
  return result
}
