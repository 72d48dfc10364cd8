import type { Delivery, DeliveryState } from '../../../client/webhook-management.ts'
import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { onFlag, onHelp, onOf } from '../../management/webhooks.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { timeText } from '../../output/units.ts'

const standardLimit = 100
const largestLimit = 1000

export const webhookDeliveries = managing({
  name: 'webhook deliveries',
  summary: 'list what a webhook was told, what waits for it, and what failed',
  about: `Lists the events of a webhook, the latest first: those that it was told, those that wait, and those that were given
up. \`berth webhook redeliver\` tells it of one once more.`,
  takes: ['NAME'],
  usage: '[--on RESOURCE] [--failed | --waiting | --delivered]',
  options: {
    ...onFlag,
    failed: { type: 'boolean' },
    waiting: { type: 'boolean' },
    delivered: { type: 'boolean' },
    limit: { type: 'string' },
    after: { type: 'string' },
  },
  flags: [
    onHelp,
    ['--failed', 'those alone that were given up'],
    ['--waiting', 'those alone that wait'],
    ['--delivered', 'those alone that it was told'],
    ['--limit', `how many, at most ${largestLimit} [${standardLimit}]`],
    ['--after', 'the ID of the last one on the page before'],
  ],
  examples: ['berth webhook deliveries ci --failed'],
  async run({ values, names: [name = ''], open }) {
    const page = { on: onOf(values), name, state: stateOf(values), limit: limitOf(values.limit) }
    await using management = await open()
    const found = await management.listDeliveries({ ...page, after: values.after ?? '' })
    printResult(values, found, ({ deliveries }) =>
      table(
        ['id', 'when', 'event', 'state', 'attempts', 'outcome'],
        deliveries.map((delivery) => [
          delivery.id,
          timeText(Date.parse(delivery.createdAt)),
          eventText(delivery),
          delivery.state,
          String(delivery.attempts),
          outcomeText(delivery),
        ]),
        `the webhook ${name} was told nothing yet`,
      ),
    )
    return 0
  },
})

function eventText({ action, repository, tag, digest }: Delivery): string {
  if (tag !== null) return `${action} ${repository}:${tag}`
  return digest === null ? `${action} ${repository}` : `${action} ${repository}@${digest.slice(0, 19)}…`
}

function outcomeText({ state, status, problem, nextAt }: Delivery): string {
  const next = nextAt === null ? '' : `; next attempt ${timeText(Date.parse(nextAt))}`
  if (state === 'delivered') return String(status)
  return problem === null ? 'not tried yet' : `${problem}${next}`
}

interface States {
  readonly failed?: boolean | undefined
  readonly waiting?: boolean | undefined
  readonly delivered?: boolean | undefined
}

function stateOf({ failed, waiting, delivered }: States): DeliveryState | undefined {
  const asked = Object.entries({ failed, waiting, delivered }).filter(([, given]) => given)
  if (asked.length > 1) throw new UsageError('--failed, --waiting and --delivered: give one')
  return asked[0]?.[0] as DeliveryState | undefined
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return standardLimit
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= largestLimit) return limit
  throw new UsageError(`--limit is a number from 1 to ${largestLimit}, not ${JSON.stringify(text)}`)
}
