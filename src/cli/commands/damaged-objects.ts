import type { DamagedObject } from '../../recovery/backup.ts'
import { countText } from '../output/units.ts'

/** Objects that people are shown. */
const shown = 20
/** And programs. */
const listed = 1000

export function damagedJson(damaged: readonly DamagedObject[]) {
  return { count: damaged.length, first: damaged.slice(0, listed) }
}

export function damagedText(damaged: readonly DamagedObject[], where: string): string[] {
  if (damaged.length === 0) return []
  const lines = damaged.slice(0, shown).map(({ digest, why }) => `  ${digest}  ${why}`)
  const rest = damaged.length - lines.length
  return [
    '',
    `${countText(damaged.length, 'blob is', 'blobs are')} damaged or missing in ${where}:`,
    ...lines,
    ...(rest > 0 ? [`  and ${rest.toLocaleString('en-US')} more; --output json lists them`] : []),
  ]
}
