import { UsageError } from '../../command.ts'
import { managing } from '../../management/managing.ts'
import { userText } from '../../management/user-text.ts'
import { printResult } from '../../output/result.ts'

export const userSet = managing({
  name: 'user set',
  summary: 'change whether a user administers, or his e-mail address',
  about: 'Changes what a user is. Who becomes an administrator, or no longer is one, signs in again.',
  takes: ['NAME'],
  usage: '[--admin yes|no] [--email ADDRESS]',
  options: { admin: { type: 'string' }, email: { type: 'string' } },
  flags: [
    ['--admin', 'yes: he may do everything; no: only what is granted to him'],
    ['--email', 'where he can be reached; empty: nowhere'],
  ],
  examples: ['berth user set bob --admin yes', 'berth user set bob --email bob@example.com'],
  async run({ values, names: [name = ''], open }) {
    const { email } = values
    if (email === undefined && values.admin === undefined)
      throw new UsageError('nothing is to be changed: add --admin yes|no or --email ADDRESS')
    const change = { name, admin: yesOrNo(values.admin), email: email === '' ? null : email }
    await using management = await open()
    printResult(values, await management.changeUser(change), userText)
    return 0
  },
})

/** @throws UsageError */
function yesOrNo(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  if (text === 'yes' || text === 'no') return text === 'yes'
  throw new UsageError(`--admin is yes or no, not ${JSON.stringify(text)}`)
}
