import { managing } from '../../management/managing.ts'
import { writeOut } from '../../output/stdout.ts'
import { filterHelp, filterOf, filterOptions } from './filter.ts'

export const auditExport = managing({
  name: 'audit export',
  summary: 'write who did what as JSON lines, the oldest first',
  about: `Writes one JSON object for each event, the oldest first: for other systems, and to keep what
retention removes. Each has an \`id\` of its own, where two exports have the same event.`,
  options: filterOptions,
  flags: filterHelp,
  examples: [
    'berth audit export --since 24h >> audit.jsonl',
    'berth audit export --action grant:* --server https://registry.example.com',
  ],
  async run({ values, open }) {
    const filter = { ...filterOf(values), order: 'oldest' as const }
    await using management = await open()
    for (let after: string | null = ''; after !== null; ) {
      const page: Awaited<ReturnType<typeof management.listAudit>> = await management.listAudit({
        ...filter,
        after,
        limit: 1000,
      })
      if (page.events.length > 0)
        await writeOut(page.events.map((event) => `${JSON.stringify(event)}\n`).join(''))
      after = page.next
    }
    return 0
  },
})
