import { everyEntry } from '../../management/management.ts'
import { managing } from '../../management/managing.ts'
import { limitText, quotaText } from '../../management/quota-text.ts'
import { printResult } from '../../output/result.ts'
import { table } from '../../output/table.ts'
import { sizeText } from '../../output/units.ts'

export const quotaShow = managing({
  name: 'quota show',
  summary: 'show what namespaces hold and may hold',
  about: `Shows what a namespace holds, what of it lies in the trash alone, what uploads have reserved, and what it may
hold; without a name a table of all namespaces. A repository without a / in its name counts in the namespace library.`,
  takes: ['[NAMESPACE]'],
  examples: ['berth quota show', 'berth quota show acme'],
  async run({ values, names: [namespace], open }) {
    await using management = await open()
    if (namespace !== undefined) {
      printResult(values, await management.showQuota({ namespace }), quotaText)
      return 0
    }
    const quotas = await everyEntry(
      (page) => management.listQuotas(page),
      (page) => page.quotas,
    )
    printResult(values, { quotas }, () =>
      table(
        ['namespace', 'used', 'of', 'in the trash', 'reserved', 'repositories', 'of'],
        quotas.map(({ namespace: name, bytes, repositories }) => [
          name,
          sizeText(bytes.used),
          limitText(bytes, sizeText),
          sizeText(bytes.trash),
          sizeText(bytes.reserved),
          String(repositories.used),
          limitText(repositories, String),
        ]),
        'no namespace holds anything yet',
      ),
    )
    return 0
  },
})
