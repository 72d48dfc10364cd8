import { managing } from '../../management/managing.ts'
import { resourceOf } from '../../management/names.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'

export const accessList = managing({
  name: 'access list',
  summary: 'list who has which role on a repository or a namespace',
  about: `Lists who has which role on a repository or a namespace itself. Beside them the owner of the namespace and the
administrators may do everything, and what is granted on a namespace holds in its repositories.`,
  takes: ['REPOSITORY|NAMESPACE'],
  examples: ['berth access list alice/app', 'berth access list acme'],
  async run({ values, names: [text = ''], open }) {
    const on = resourceOf(text)
    await using management = await open()
    printResult(values, await management.listGrants(on), ({ grants }) =>
      table(
        ['role', 'user or team'],
        grants.map(({ role, subject }) => [role, subject]),
        `nothing is granted on the ${on.kind} ${on.name} itself: \`berth grant ROLE USER|TEAM on ${text}\` does it`,
      ),
    )
    return 0
  },
})
