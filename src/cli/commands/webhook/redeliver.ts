import { managing } from '../../management/managing.ts'
import { onFlag, onHelp, onOf } from '../../management/webhooks.ts'
import { printResult } from '../../output/result.ts'

export const webhookRedeliver = managing({
  name: 'webhook redeliver',
  summary: 'tell a webhook of an event once more',
  about: `Puts an event back in the queue of a webhook, as if it had just happened, under the ID by which its receiver knows it.
\`berth webhook deliveries\` shows the IDs of deliveries. A running server sends it.`,
  takes: ['NAME', 'ID'],
  usage: '[--on RESOURCE]',
  options: onFlag,
  flags: [onHelp],
  examples: ['berth webhook redeliver ci 01a227d4f099-000000-8a2c3d751b'],
  async run({ values, names: [name = '', id = ''], open }) {
    const on = onOf(values)
    await using management = await open()
    printResult(
      values,
      await management.redeliver({ on, name, id }),
      ({ queued }) => `${queued} waits to be sent once more\n`,
    )
    return 0
  },
})
