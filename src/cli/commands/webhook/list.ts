import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { onFlag, onHelp, onOf, placeText, stateText } from '../../management/webhooks.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'

export const webhookList = managing({
  name: 'webhook list',
  summary: 'list the webhooks, and how they are',
  about: 'Lists the webhooks of the whole registry, of a repository or a namespace, or all there are.',
  usage: '[--on RESOURCE | --all]',
  options: { ...onFlag, all: { type: 'boolean' } },
  flags: [onHelp, ['--all', 'those of every repository and namespace']],
  examples: ['berth webhook list --all', 'berth webhook list --on team/app'],
  async run({ values, open }) {
    const on = values.all ? 'anywhere' : onOf(values)
    await using management = await open()
    const webhooks = await everyEntry(
      (page) => management.listWebhooks({ ...page, on }),
      (page) => page.webhooks,
    )
    printResult(values, { webhooks }, () =>
      table(
        ['webhook', 'on', 'url', 'hears of', 'state'],
        webhooks.map((webhook) => [
          webhook.name,
          placeText(webhook.on),
          webhook.url,
          webhook.actions.join(','),
          stateText(webhook),
        ]),
        'no webhooks: `berth webhook add NAME URL` makes one',
      ),
    )
    return 0
  },
})
