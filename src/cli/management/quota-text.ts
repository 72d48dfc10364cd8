import type { LimitedUse, Quota } from '../../client/quota-management.ts'
import { sizeText } from '../output/units.ts'

/** A namespace's quota for people. */
export function quotaText(quota: Quota): string {
  const { namespace, bytes, repositories } = quota
  const rows = [
    ['namespace', namespace],
    ['bytes', `${sizeText(bytes.used)} of ${limitText(bytes, sizeText)}${shareText(bytes)}${whose(bytes)}`],
    ['in the trash', `${sizeText(bytes.trash)}${bytes.trash > 0 ? '   (berth trash empty frees it)' : ''}`],
    ['uploads', `${sizeText(bytes.reserved)} reserved`],
    [
      'repositories',
      `${repositories.used} of ${limitText(repositories, String)}${shareText(repositories)}${whose(repositories)}`,
    ],
  ]
  return rows.map(([name = '', value = '']) => `${name.padEnd(14)}${value}\n`).join('')
}

export function limitText({ limit }: LimitedUse, text: (limit: number) => string): string {
  return limit === null ? 'no limit' : text(limit)
}

function shareText({ used, limit }: LimitedUse): string {
  return limit === null || limit === 0 ? '' : ` (${Math.floor((used / limit) * 100)} %)`
}

function whose({ limit, set }: LimitedUse): string {
  if (set) return ', set for this namespace'
  return limit === null ? '' : ', as the settings say'
}
