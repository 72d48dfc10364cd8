import { managing } from '../../management/managing.ts'
import { robotOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const robotAdd = managing({
  name: 'robot add',
  summary: 'make a robot: an account for machines',
  about: `Makes a robot: an account of an organisation for machines, which stays when people leave. It has no password, only
access tokens, each for as little as it needs: \`berth robot token\` makes them.`,
  takes: ['ORGANISATION+ROBOT'],
  examples: ['berth robot add acme+deploy'],
  async run({ values, names: [text = ''], open }) {
    const robot = robotOf(text)
    await using management = await open()
    printResult(
      values,
      await management.createRobot(robot),
      ({ name }) =>
        `made the robot ${name}\nnext: \`berth robot token ${name} --scope '${robot.organisation}/**:pull'\` gives it something to sign in with;\n      \`berth robot trust add ${name}\` lets CI jobs sign in as it without a stored secret\n`,
    )
    return 0
  },
})
