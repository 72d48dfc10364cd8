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

export const webhookAdd = managing({
  name: 'webhook add',
  summary: 'tell another system what happens, by HTTP',
  about: `Makes a webhook: a URL that is told what is pushed and deleted, in the envelope that distribution's registry sends,
signed with a secret that is shown this once. Addresses that are not on the internet are refused, unless the setting
notifications.allow-private lists them.`,
  takes: ['NAME', 'URL'],
  usage: '[--on RESOURCE] [--action ACTION]...',
  options: { ...onFlag, ...wishFlags, blobs: { type: 'boolean' } },
  flags: [onHelp, ...wishHelp, ['--blobs', 'hear of blobs, too: each layer of a push is one more event']],
  examples: [
    'berth webhook add ci https://ci.example.com/hook',
    'berth webhook add scan https://scan.example.com/ --on team --action push',
    "berth webhook add mirror https://mirror.example.com/ --repositories 'prod/**' --header @token.txt",
  ],
  async run({ values, names: [name = '', url = ''], open }) {
    const webhook = { name, url, on: onOf(values), ...(await wishesOf(values)), blobs: values.blobs ?? false }
    await using management = await open()
    printResult(
      values,
      await management.createWebhook(webhook),
      (made) => `${webhookText(made)}${secretText(made.secret)}`,
    )
    return 0
  },
})
