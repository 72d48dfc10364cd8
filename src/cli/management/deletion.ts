import type { Deleted } from '../../client/management.ts'

export const purgeFlag = { purge: { type: 'boolean' } } as const
export const purgeHelp: [string, string] = ['--purge', 'delete for good, past the trash']

/** How a deletion can be taken back. */
export function trashText({ trash }: Deleted): string {
  return trash === null ? 'it is gone for good\n' : `\`berth trash restore ${trash}\` takes it back\n`
}
