import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const orgMemberAdd = managing({
  name: 'org member add',
  summary: 'make a user a member or an owner of an organisation',
  about: `Makes a user a member of an organisation, or an owner, who may do everything in it. A member may read and push only
what is granted to him or to a team that he is in. Given again, it changes what he is.`,
  takes: ['ORGANISATION', 'USER'],
  usage: '[--owner]',
  options: { owner: { type: 'boolean' } },
  flags: [['--owner', 'he administers the organisation']],
  examples: ['berth org member add acme bob', 'berth org member add acme alice --owner'],
  async run({ values, names: [organisation = '', user = ''], open }) {
    await using management = await open()
    printResult(
      values,
      await management.setMember({ organisation, user, role: values.owner ? 'owner' : 'member' }),
      (member) =>
        `${member.name} is ${member.role === 'owner' ? 'an owner' : 'a member'} of ${member.organisation}\n`,
    )
    return 0
  },
})
