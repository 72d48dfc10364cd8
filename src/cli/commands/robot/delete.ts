import { confirm, yesFlag, yesHelp } from '../../confirm.ts'
import { managing } from '../../management/managing.ts'
import { robotOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const robotDelete = managing({
  name: 'robot delete',
  summary: 'delete a robot with its tokens',
  about: 'Deletes a robot with its tokens, for good. What it pushed stays.',
  takes: ['ORGANISATION+ROBOT'],
  options: yesFlag,
  flags: [yesHelp],
  examples: ['berth robot delete acme+deploy'],
  async run({ values, names: [text = ''], open }) {
    const robot = robotOf(text)
    await using management = await open()
    await management.listAccessTokens({ owner: { kind: 'robot', ...robot } })
    await confirm(`Delete the robot ${text} with its tokens for good?`, { yes: values.yes, forGood: true })
    const { deleted } = await management.deleteRobot(robot)
    printResult(values, { deleted }, () => `deleted the robot ${deleted}\n`)
    return 0
  },
})
