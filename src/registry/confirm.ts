import type { Call, Registry } from './registry.ts'

/**
 * Whether what was last confirmed then must be confirmed before this caller is told that it is there: a client that
 * may push relies on the answer and does not send it again.
 */
export function needsConfirming(registry: Registry, call: Call, confirmedAt: number): boolean {
  return call.mayPush && registry.now() - confirmedAt > registry.rules.grace / 2
}
