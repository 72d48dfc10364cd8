import { parseExplainable } from '../../../access/explain.ts'
import { managing } from '../../management/managing.ts'
import { repositoryOf, understood } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const accessExplain = managing({
  name: 'access explain',
  summary: 'tell whether somebody may do something in a repository, and why',
  about: `Tells whether somebody may do something in a repository as things are now, and why or why not. It asks what every
request asks. USER is a user, a robot such as acme+deploy, or anonymous for whoever has not signed in. ACTION is pull,
push, delete, configure (public or private) or grant. The exit code is 0 either way.`,
  takes: ['USER', 'ACTION', 'REPOSITORY'],
  examples: ['berth access explain bob push alice/app', 'berth access explain anonymous pull library/ubuntu'],
  async run({ values, names: [who = '', action = '', text = ''], open }) {
    const repository = repositoryOf(text)
    understood(action, () => parseExplainable(action))
    await using management = await open()
    printResult(
      values,
      await management.explainAccess({ who, action, repository }),
      (told) =>
        `${told.who} ${told.allow ? 'may' : 'may not'} ${told.action} ${told.repository}: ${told.reason}\n`,
    )
    return 0
  },
})
