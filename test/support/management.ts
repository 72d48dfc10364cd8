import { startBerth } from './berth.ts'
import { type PushedImage, pushImage } from './push.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is for each test to say
  readonly body: any
}

/** A request to the management API; a body goes as JSON. */
export async function ask(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  })
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}

/** How the API writes `team/app`. */
export const teamApp = '/repositories/team%2Fapp'

/** A server with `team/app`: v1 at the first image, latest moved from the first to the second. */
export async function startFilled(args: readonly string[] = []) {
  const berth = await startBerth({ args: ['--log-level', 'error', ...args] })
  const remote = { url: berth.url, repository: 'team/app' }
  const first: PushedImage = await pushImage(remote, { reference: 'v1', content: 'one' })
  await pushImage(remote, { reference: 'latest', content: 'one' })
  const second: PushedImage = await pushImage(remote, { reference: 'latest', content: 'two' })
  return { berth, remote, first, second }
}

/** What a pull of the tag answers: the manifest's digest, or the status. */
export async function pulled(url: string, reference: string, repository = 'team/app') {
  const answer = await fetch(`${url}/v2/${repository}/manifests/${reference}`)
  await answer.bytes()
  return answer.ok ? answer.headers.get('docker-content-digest') : answer.status
}
