import { Calls, type Envelope } from '../calls.ts'
import type { OwnerMethods, WorkerMethods } from '../contract.ts'

/** How long the owner may take to answer what must not hang. Milliseconds. */
export const ownerPatience = 3000

/** This process as a worker sees its owner. */
export type Owner = Calls<OwnerMethods>

/**
 * Connects a worker to the process that started it. Where that one ends, this one does, at once: it could change nothing
 * any more, and must not keep the port.
 * @param methods what the owner may call, from the start on
 * @returns undefined where nobody listens: the process was started by hand
 */
export function connectToOwner(methods: WorkerMethods): Owner | undefined {
  if (!process.send || !process.connected) return undefined
  const owner = new Calls<OwnerMethods>(methods, (envelope) => process.send?.(envelope))
  process.on('message', (message) => owner.receive(message as Envelope))
  process.on('disconnect', () => process.exit(1))
  // A terminal, or a supervisor of the whole group, sends these to all: when to end, the owner says.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  return owner
}
