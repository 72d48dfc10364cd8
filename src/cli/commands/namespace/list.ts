import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { ownerText } from '../../management/namespace-text.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'

export const namespaceList = managing({
  name: 'namespace list',
  summary: 'list the namespaces and whose they are',
  about: `Lists the namespaces: the first parts of repositories’ names. With --server those that are your own, unless you
administer the registry.`,
  examples: ['berth namespace list'],
  async run({ values, open }) {
    await using management = await open()
    const namespaces = await everyEntry(
      (page) => management.listNamespaces(page),
      (page) => page.namespaces,
    )
    printResult(values, { namespaces }, () =>
      table(
        ['namespace', 'owner', 'new repositories are'],
        namespaces.map((namespace) => [namespace.name, ownerText(namespace), namespace.defaultVisibility]),
        'there are no namespaces: each user and each organisation is made with one',
      ),
    )
    return 0
  },
})
