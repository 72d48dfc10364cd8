import type { NewGrant } from '../../client/access-management.ts'
import { managing } from '../management/managing.ts'
import { requireOn, resourceOf, roleOf } from '../management/names.ts'
import { printResult } from '../output/result.ts'

export const grant = managing({
  name: 'grant',
  summary: 'give a user or a team a role on a repository or a namespace',
  about: `Gives a user or a team a role, in the place of the one that was given there before. Each role may do what the ones
before it may:

  read      pull
  write     push
  maintain  delete, and set whether it is public
  admin     grant and revoke

A name of one part is a namespace, and stands for everything below it; a repository of one part is written
repository:ubuntu. A repository need not be there yet.`,
  takes: ['ROLE', 'USER|TEAM', 'on', 'REPOSITORY|NAMESPACE'],
  examples: [
    'berth grant write bob on alice/app',
    'berth grant read acme/builders on acme',
    'berth grant maintain bob on repository:ubuntu',
  ],
  async run({ values, names: [role = '', subject = '', word = '', resource = ''], open }) {
    const wanted = { role: roleOf(role), subject, on: resourceOf(resource) }
    requireOn(word)
    await using management = await open()
    printResult(values, await management.grantRole(wanted), text)
    return 0
  },
})

function text({ role, subject, subjectKind, on, exists }: NewGrant): string {
  const where = on.kind === 'namespace' ? `everything below ${on.name}/` : on.name
  const later = exists ? '' : `there is no repository ${on.name} yet: it holds from its first push\n`
  return `${subjectKind === 'team' ? 'the team ' : ''}${subject} has ${role} on ${where}\n${later}`
}
