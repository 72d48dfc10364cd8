import { managing } from '../../management/managing.ts'
import { robotOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const robotEnable = managing({
  name: 'robot enable',
  summary: 'let a robot in again',
  about: 'Lets a robot in again that was disabled, with the tokens that it has.',
  takes: ['ORGANISATION+ROBOT'],
  examples: ['berth robot enable acme+deploy'],
  async run({ values, names: [text = ''], open }) {
    const robot = robotOf(text)
    await using management = await open()
    const changed = await management.changeRobot({ ...robot, disabled: false })
    printResult(values, changed, ({ name }) => `${name} is enabled: its tokens hold again\n`)
    return 0
  },
})
