import { CommandError, UsageError } from './command.ts'

export const passwordFlag = { 'password-stdin': { type: 'boolean' } } as const
export const passwordHelp: [string, string] = [
  '--password-stdin',
  'read the password from standard input: never an argument, which other users of the machine can see',
]

/**
 * The password from standard input, or asked for on the terminal, where it is not shown.
 * @throws UsageError where nobody can be asked
 */
export async function askPassword(question: string, fromStdin: boolean | undefined): Promise<string> {
  if (fromStdin) return (await Bun.stdin.text()).replace(/\r?\n$/, '')
  if (!process.stdin.isTTY)
    throw new UsageError('nobody is here to be asked for the password: pipe it in with --password-stdin')
  const { stdin } = process
  // Before the question: who types at once must not see it either.
  stdin.setRawMode(true)
  process.stderr.write(`${question}: `)
  stdin.setEncoding('utf8')
  stdin.resume()
  try {
    return await typed(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    process.stderr.write('\n')
  }
}

/**
 * A password that is to be: on a terminal asked for twice, for nobody sees what he types.
 * @throws UsageError, CommandError
 */
export async function askNewPassword(question: string, fromStdin: boolean | undefined): Promise<string> {
  const password = await askPassword(question, fromStdin)
  if (!fromStdin && (await askPassword('Once more', false)) !== password)
    throw new CommandError('the two are not the same: nothing was changed')
  return password
}

const enter = /[\r\n]/
const [interrupt, endOfText, backspace, deletes] = ['\u0003', '\u0004', '\b', '\u007f']

function typed(keys: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const listen = (input: string) => {
      for (const key of input) {
        if (key === interrupt) return end(() => reject(new CommandError('interrupted')))
        if (enter.test(key) || key === endOfText) return end(() => resolve(text))
        text = key === backspace || key === deletes ? [...text].slice(0, -1).join('') : text + key
      }
    }
    const end = (settle: () => void) => {
      keys.off('data', listen)
      settle()
    }
    keys.on('data', listen)
  })
}
