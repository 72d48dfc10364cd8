import type { GrantResource } from '../../client/access-management.ts'
import type { Management } from '../../client/management.ts'
import { CommandError } from '../command.ts'
import { managing } from '../management/managing.ts'
import { requireOn, resourceOf, roleOf } from '../management/names.ts'
import { printResult } from '../output/result.ts'

export const revoke = managing({
  name: 'revoke',
  summary: 'take back what was granted to a user or a team',
  about: `Takes back what was granted to a user or a team on a repository or a namespace. It holds at once, also for those
who are signed in. What he may as an owner, or through a team, he may go on doing: \`berth access explain\` tells.

The role may stand in front, as in \`berth grant\`; then nothing happens if it is another.`,
  takes: ['USER|TEAM', 'on', 'REPOSITORY|NAMESPACE', '[ROLE]'],
  shown: '[ROLE] USER|TEAM on REPOSITORY|NAMESPACE',
  examples: ['berth revoke bob on alice/app', 'berth revoke write acme/builders on acme'],
  async run({ values, names, open }) {
    const [role, subject = '', word = '', resource = ''] = names.length > 3 ? names : [undefined, ...names]
    const of = { subject, on: resourceOf(resource) }
    requireOn(word)
    const wanted = role === undefined ? undefined : roleOf(role)
    await using management = await open()
    if (wanted) await requireRole(management, { ...of, role: wanted })
    printResult(
      values,
      await management.revokeRole(of),
      ({ revoked, on }) => `${revoked} has nothing granted on the ${on.kind} ${on.name} any more\n`,
    )
    return 0
  },
})

/** Who names a role means that one. @throws CommandError */
async function requireRole(
  management: Management,
  { subject, on, role }: { subject: string; on: GrantResource; role: string },
): Promise<void> {
  const { grants } = await management.listGrants(on)
  const found = grants.find((grant) => grant.subject === subject)
  if (found && found.role !== role)
    throw new CommandError(
      `${subject} has ${found.role} on ${on.name}, not ${role}: \`berth revoke ${subject} on ${on.name}\` takes it back, whichever it is`,
    )
}
