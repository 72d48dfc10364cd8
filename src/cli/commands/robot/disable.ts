import { managing } from '../../management/managing.ts'
import { robotOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const robotDisable = managing({
  name: 'robot disable',
  summary: 'keep a robot out',
  about: 'Keeps a robot out, at once: none of its tokens holds until `berth robot enable`.',
  takes: ['ORGANISATION+ROBOT'],
  examples: ['berth robot disable acme+deploy'],
  async run({ values, names: [text = ''], open }) {
    const robot = robotOf(text)
    await using management = await open()
    const changed = await management.changeRobot({ ...robot, disabled: true })
    printResult(values, changed, ({ name }) => `${name} is disabled: none of its tokens holds\n`)
    return 0
  },
})
