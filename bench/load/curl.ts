import { run } from '../children.ts'

export interface Transfer {
  readonly seconds: number
  readonly location: string | undefined
}

/** One transfer by curl, as curl timed it. @throws unless it is answered with `status` */
export async function curl(status: number, args: readonly string[]): Promise<Transfer> {
  const output = await run([
    'curl',
    '--silent',
    '--show-error',
    '--output',
    '/dev/null',
    '--write-out',
    '%{http_code} %{time_total} %header{location}',
    // Curl would wait for a server that does not answer this one; image clients do not send it.
    '--header',
    'Expect:',
    ...args,
  ])
  const [code, seconds, location] = output.trim().split(' ')
  if (Number(code) !== status) throw new Error(`curl ${args.join(' ')} was answered ${code}, not ${status}`)
  return { seconds: Number(seconds), location }
}
