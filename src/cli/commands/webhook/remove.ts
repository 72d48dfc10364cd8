import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { managing } from '../../management/managing.ts'
import { onFlag, onHelp, onOf } from '../../management/webhooks.ts'
import { printResult } from '../../output/result.ts'

export const webhookRemove = managing({
  name: 'webhook remove',
  summary: 'remove a webhook, with what waits for it',
  about:
    'Removes a webhook with everything that is on its way to it. `berth webhook set NAME --enabled false` keeps it.',
  takes: ['NAME'],
  usage: '[--on RESOURCE]',
  options: { ...onFlag, ...yesFlag },
  flags: [onHelp, yesHelp],
  examples: ['berth webhook remove ci --yes'],
  async run({ values, names: [name = ''], open }) {
    const on = onOf(values)
    await using management = await open()
    await management.showWebhook({ on, name })
    await confirm(`Remove the webhook ${name}, and what waits for it?`, { yes: values.yes, forGood: true })
    printResult(values, await management.removeWebhook({ on, name }), () => `the webhook ${name} is gone\n`)
    return 0
  },
})
