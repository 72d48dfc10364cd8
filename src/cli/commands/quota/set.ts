import type { NewLimit } from '../../../client/quota-management.ts'
import { size } from '../../../config/values.ts'
import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { quotaText } from '../../management/quota-text.ts'
import { printResult } from '../../output/result.ts'

export const quotaSet = managing({
  name: 'quota set',
  summary: 'set how much a namespace may hold',
  about: `Sets how many bytes and how many repositories a namespace may hold. It may be less than it holds already: then
nothing new fits until something is deleted.`,
  takes: ['NAMESPACE'],
  usage: '[--bytes SIZE] [--repositories NUMBER] [--unlimited | --default]',
  options: {
    bytes: { type: 'string' },
    repositories: { type: 'string' },
    unlimited: { type: 'boolean' },
    default: { type: 'boolean' },
  },
  flags: [
    ['--bytes', 'a size such as 10GiB, or unlimited, or default: as the setting quota.default-bytes says'],
    ['--repositories', 'a number, or unlimited, or default: as the setting quota.default-repositories says'],
    ['--unlimited', 'no limit on either, whatever the settings say'],
    ['--default', 'both as the settings say'],
  ],
  examples: [
    'berth quota set acme --bytes 10GiB --repositories 100',
    'berth quota set alice --default',
    'berth quota set ci --unlimited',
  ],
  async run({ values, names: [namespace = ''], open }) {
    const change = { namespace, ...limitsOf(values) }
    await using management = await open()
    printResult(values, await management.setQuota(change), quotaText)
    return 0
  },
})

interface Given {
  readonly bytes?: string | undefined
  readonly repositories?: string | undefined
  readonly unlimited?: boolean | undefined
  readonly default?: boolean | undefined
}

/** @throws UsageError */
function limitsOf(given: Given): { bytes?: NewLimit; repositories?: NewLimit } {
  const { bytes, repositories } = given
  const ways = [given.unlimited, given.default, bytes !== undefined || repositories !== undefined]
  const count = ways.filter((way) => way === true).length
  if (count === 0)
    throw new UsageError('no limit is given: add --bytes, --repositories, --unlimited or --default')
  if (count > 1)
    throw new UsageError(
      '--unlimited and --default are for both limits: give one of them, or --bytes and --repositories',
    )
  if (given.unlimited) return { bytes: 'unlimited', repositories: 'unlimited' }
  if (given.default) return { bytes: 'default', repositories: 'default' }
  return {
    ...(bytes === undefined ? {} : { bytes: sizeOf(bytes) }),
    ...(repositories === undefined ? {} : { repositories: numberOf(repositories) }),
  }
}

function sizeOf(text: string): NewLimit {
  if (isWord(text)) return text
  const bytes = size.parse(text)
  if (bytes !== undefined) return bytes
  throw new UsageError(`--bytes is ${size.allowed}, or unlimited, or default, not ${JSON.stringify(text)}`)
}

function numberOf(text: string): NewLimit {
  if (isWord(text)) return text
  if (/^\d{1,12}$/.test(text)) return Number(text)
  throw new UsageError(`--repositories is a number, or unlimited, or default, not ${JSON.stringify(text)}`)
}

function isWord(text: string): text is 'unlimited' | 'default' {
  return text === 'unlimited' || text === 'default'
}
