import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const orgAdd = managing({
  name: 'org add',
  summary: 'make an organisation, with its namespace',
  about: `Makes an organisation, with the namespace of its name: several people push to acme/…, in teams, and robots do.
Its owners may do everything there. With --server the owner is who asks, unless --owner names another.`,
  takes: ['NAME'],
  usage: '[--owner USER]',
  options: { owner: { type: 'string' } },
  flags: [['--owner', 'the user who administers it']],
  examples: ['berth org add acme --owner alice'],
  async run({ values, names: [name = ''], open }) {
    await using management = await open()
    printResult(values, await management.createOrganisation({ name, owner: values.owner }), (made) =>
      made.owners > 0
        ? `made the organisation ${name}\nnext: \`berth org member add ${name} USER\` and \`berth team add ${name}/TEAM\`\n`
        : `made the organisation ${name}, which has no owner yet: \`berth org member add ${name} USER --owner\` makes one\n`,
    )
    return 0
  },
})
