import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const auditAnchor = managing({
  name: 'audit anchor',
  summary: 'show where the chain of the audit log ends, to keep it elsewhere',
  about: `Shows the number and the hash of the last batch of the audit log. Kept where nobody of this registry can write, it lets
\`berth audit verify --anchors\` tell later that nothing before it was changed, even by who can write to the database.`,
  examples: ['berth audit anchor >> /mnt/elsewhere/audit-anchors'],
  async run({ values, open }) {
    await using management = await open()
    const { anchor } = await management.auditAnchor()
    printResult(values, { anchor }, () =>
      anchor ? `number=${anchor.number} hash=${anchor.hash}\n` : 'nothing is sealed yet\n',
    )
    return anchor ? 0 : 1
  },
})
