import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { repositoryOf, visibilityOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'

export const repoSet = managing({
  name: 'repo set',
  summary: 'make a repository public or private',
  about: `Makes a repository public, so that everybody may pull from it without signing in, or private, for those to whom it
is granted. It holds at once. What new repositories are, \`berth namespace set\` says.`,
  takes: ['REPOSITORY'],
  usage: '--visibility public|private',
  options: { visibility: { type: 'string' } },
  flags: [['--visibility', 'public or private']],
  examples: ['berth repo set alice/app --visibility public'],
  async run({ values, names: [text = ''], open }) {
    const repository = repositoryOf(text)
    if (values.visibility === undefined)
      throw new UsageError('nothing is to be changed: add --visibility public|private')
    const visibility = visibilityOf(values.visibility)
    await using management = await open()
    printResult(values, await management.setVisibility({ repository, visibility }), (set) =>
      set.visibility === 'public'
        ? `${set.repository} is public: everybody may pull from it\n`
        : `${set.repository} is private: only those to whom it is granted may pull from it\n`,
    )
    return 0
  },
})
