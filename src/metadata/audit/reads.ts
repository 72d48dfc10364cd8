import type { ReadsAudit } from '../audit-store.ts'
import type { Reader } from '../engine.ts'
import { chain, eventSlices } from './read-statements.ts'
import { verifyAudit } from './verify.ts'

/** What is read of the audit log: the same queries on every engine. */
export function auditReads(engine: Reader): ReadsAudit {
  return {
    listAudit({ key, order, behind: { at, writer, sequence }, end, limit }) {
      const value = key.by === 'time' ? '' : key.value
      return engine.all(eventSlices[key.by][order], { at, writer, sequence, value, end, limit })
    },
    async auditHead() {
      const found = await engine.first(chain, {})
      return found && found.number > 0 ? { number: found.number, hash: found.hash } : undefined
    },
    verifyAudit: (by) => verifyAudit(engine, by),
  }
}
