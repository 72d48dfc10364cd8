import { managing } from '../../management/managing.ts'
import { onFlag, onHelp, onOf, webhookText } from '../../management/webhooks.ts'
import { printResult } from '../../output/result.ts'

export const webhookShow = managing({
  name: 'webhook show',
  summary: 'show a webhook',
  about: 'Shows a webhook, without its secret and the values of its headers.',
  takes: ['NAME'],
  usage: '[--on RESOURCE]',
  options: onFlag,
  flags: [onHelp],
  examples: ['berth webhook show ci', 'berth webhook show scan --on team'],
  async run({ values, names: [name = ''], open }) {
    const on = onOf(values)
    await using management = await open()
    printResult(values, await management.showWebhook({ on, name }), webhookText)
    return 0
  },
})
