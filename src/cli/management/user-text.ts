import type { User } from '../../client/access-management.ts'
import { dayText } from '../output/units.ts'

export function userText({ name, email, admin, disabled, directory, createdAt }: User): string {
  return `user      ${name}
email     ${email ?? '-'}
admin     ${admin ? 'yes' : 'no'}
disabled  ${disabled ? 'yes: he can’t sign in, and none of his tokens holds' : 'no'}
password  ${directory === null ? 'known here' : `known to the directory ${directory}`}
since     ${dayText(createdAt)}
`
}
