import { duration } from '../../../config/values.ts'
import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import {
  onFlag,
  onHelp,
  onOf,
  secretText,
  webhookText,
  wishesOf,
  wishFlags,
  wishHelp,
} from '../../management/webhooks.ts'
import { printResult } from '../../output/result.ts'

export const webhookSet = managing({
  name: 'webhook set',
  summary: 'change a webhook, give it a new secret, disable or enable it',
  about: `Changes a webhook; what is not named stays as it is. Enabled again, or sent elsewhere, one that failed begins anew. A
secret that is replaced signs beside the new one for a day, so that the receiver can be told meanwhile.`,
  takes: ['NAME'],
  usage: '[--on RESOURCE] [FLAG]...',
  options: {
    ...onFlag,
    ...wishFlags,
    url: { type: 'string' },
    blobs: { type: 'string' },
    enabled: { type: 'string' },
    'new-secret': { type: 'boolean' },
    overlap: { type: 'string' },
  },
  flags: [
    onHelp,
    ['--url', 'where its requests go from now on'],
    ...wishHelp,
    ['--blobs', 'true or false: whether it hears of blobs, too'],
    ['--enabled', 'true or false'],
    ['--new-secret', 'make a new secret'],
    ['--overlap', 'how long the one before signs, too; at most 7d [24h]'],
  ],
  examples: [
    'berth webhook set ci --enabled true',
    'berth webhook set ci --url https://ci2.example.com/hook --action push',
    'berth webhook set ci --new-secret --overlap 1h',
  ],
  async run({ values, names: [name = ''], open }) {
    const { url, blobs, enabled, 'new-secret': renewSecret, overlap = '24h' } = values
    const milliseconds = duration.parse(overlap)
    if (milliseconds === undefined)
      throw new UsageError(`--overlap: ${JSON.stringify(overlap)} is not ${duration.allowed}`)
    const change = {
      ...(await wishesOf(values)),
      ...(url !== undefined && { url }),
      ...(blobs !== undefined && { blobs: flagOf('--blobs', blobs) }),
      ...(enabled !== undefined && { enabled: flagOf('--enabled', enabled) }),
      ...(renewSecret && { renewSecret }),
    }
    if (Object.keys(change).length === 0)
      throw new UsageError('nothing is to be changed: name what, such as --enabled false')
    const on = onOf(values)
    await using management = await open()
    const changed = await management.changeWebhook({ on, name, ...change, overlap: milliseconds })
    printResult(
      values,
      changed,
      (webhook) => `${webhookText(webhook)}${webhook.secret === null ? '' : secretText(webhook.secret)}`,
    )
    return 0
  },
})

/** @throws UsageError */
function flagOf(name: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new UsageError(`${name} is true or false, not ${JSON.stringify(text)}`)
}
