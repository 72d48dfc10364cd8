import { join } from 'node:path'
import { type BerthOptions, type RunningBerth, startBerth } from './berth.ts'
import { attempt } from './command.ts'
import { ask } from './management.ts'

export const bin = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')

/** Where receivers of tests listen. */
export const allowLoopback = { BERTH_NOTIFICATIONS_ALLOW_PRIVATE: '127.0.0.1' }

/** A server whose webhooks may be on this machine. */
export function startNotifying({ env = {}, ...options }: BerthOptions = {}): Promise<RunningBerth> {
  return startBerth({ ...options, env: { BERTH_LOG_LEVEL: 'error', ...allowLoopback, ...env } })
}

/** Makes a webhook of the whole registry. @returns its secret */
export async function addWebhook(
  { url }: { url: string },
  webhook: { name?: string; url: string } & Record<string, unknown>,
): Promise<string> {
  const { status, body } = await ask(url, 'POST', '/webhooks', { name: 'ci', ...webhook })
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.secret
}

/** The deliveries of the webhook, the latest first, once they are in the states that are wanted. */
export async function untilDeliveries(
  { url }: { url: string },
  wanted: string,
  name = 'ci',
): Promise<Record<string, unknown>[]> {
  for (const deadline = Date.now() + 30_000; ; await Bun.sleep(50)) {
    const { body } = await ask(url, 'GET', `/webhooks/${name}/deliveries`)
    const states = body.deliveries?.map(({ state }: { state: string }) => state).join()
    if (states === wanted) return body.deliveries
    if (Date.now() > deadline) throw new Error(`${name}: ${states}, not ${wanted}: ${JSON.stringify(body)}`)
  }
}

/** Runs a command of Berth's. */
export function berth(...args: string[]) {
  return attempt(bin, args, { env: { USER: 'operator', SUDO_USER: '' } })
}
