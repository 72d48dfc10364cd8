import { managing } from '../../management/managing.ts'
import { onFlag, onHelp, onOf } from '../../management/webhooks.ts'
import { printResult } from '../../output/result.ts'

export const webhookTest = managing({
  name: 'webhook test',
  summary: 'send a webhook an event that never was, and tell how that went',
  about: `Sends a webhook one request now, with the action ping, and tells what came back: 0 where it was taken, 1 where it was
not. It comes from this machine, or with --server from that one.`,
  takes: ['NAME'],
  usage: '[--on RESOURCE]',
  options: onFlag,
  flags: [onHelp],
  examples: ['berth webhook test ci'],
  async run({ values, names: [name = ''], open }) {
    const on = onOf(values)
    await using management = await open()
    const tested = await management.testWebhook({ on, name })
    printResult(values, tested, ({ delivered, status, problem, duration }) =>
      delivered
        ? `the receiver took it: ${status}, after ${duration} ms\n`
        : `the receiver did not take it, after ${duration} ms: ${problem}\n`,
    )
    return tested.delivered ? 0 : 1
  },
})
