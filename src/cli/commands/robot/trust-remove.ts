import { managing } from '../../management/managing.ts'
import { robotOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const robotTrustRemove = managing({
  name: 'robot trust remove',
  summary: 'let CI jobs sign in as a robot no more',
  about: `Removes a trust of a robot, at once: no job signs in by it any more, and the tokens that jobs were given by it hold no
more. \`berth robot trust list\` shows the IDs.`,
  takes: ['ORGANISATION+ROBOT', 'ID'],
  examples: ['berth robot trust remove acme+deploy 0198c2f4-6a1d-7b52-9d6e-2f5b8f1c4a37'],
  async run({ values, names: [text = '', id = ''], open }) {
    const robot = robotOf(text)
    await using management = await open()
    printResult(
      values,
      await management.removeTrust({ ...robot, id }),
      (done) =>
        `removed the trust ${done.removed} of ${done.robot}: what jobs were given by it holds no more\n`,
    )
    return 0
  },
})
