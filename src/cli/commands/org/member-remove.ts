import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const orgMemberRemove = managing({
  name: 'org member remove',
  summary: 'take a user out of an organisation and its teams',
  about: `Takes a user out of an organisation and its teams. The last owner stays until there is another. What was granted
to the user himself stays granted: \`berth revoke\` takes it back.`,
  takes: ['ORGANISATION', 'USER'],
  examples: ['berth org member remove acme bob'],
  async run({ values, names: [organisation = '', user = ''], open }) {
    await using management = await open()
    printResult(
      values,
      await management.removeMember({ organisation, user }),
      ({ removed }) => `${removed} is no member of ${organisation} any more\n`,
    )
    return 0
  },
})
