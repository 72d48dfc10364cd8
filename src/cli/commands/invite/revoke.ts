import { managing } from '../../management/managing.ts'
import { printResult } from '../../output/result.ts'

export const inviteRevoke = managing({
  name: 'invite revoke',
  summary: 'withdraw an invitation',
  about: 'Withdraws an invitation that nobody has taken. `berth invite list` shows the IDs.',
  takes: ['ID'],
  examples: ['berth invite revoke 5d0c6a1e-0d5b-4b3e-9c39-8a4d0f3c2b10'],
  async run({ values, names: [id = ''], open }) {
    await using management = await open()
    printResult(values, await management.revokeInvitation({ id }), () => 'the invitation is withdrawn\n')
    return 0
  },
})
