import { managing } from '../../management/managing.ts'
import { namespaceText } from '../../management/namespace-text.ts'
import { printResult } from '../../output/result.ts'

export const namespaceShow = managing({
  name: 'namespace show',
  summary: 'show whose a namespace is',
  about: 'Shows whose a namespace is, and whether its new repositories are public or private.',
  takes: ['NAMESPACE'],
  examples: ['berth namespace show alice'],
  async run({ values, names: [name = ''], open }) {
    await using management = await open()
    printResult(values, await management.showNamespace({ name }), namespaceText)
    return 0
  },
})
