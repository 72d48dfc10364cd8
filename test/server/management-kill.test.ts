import { expect, test } from 'bun:test'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { ask, pulled } from '../support/management.ts'
import { pushImage } from '../support/push.ts'

const quiet = ['--log-level', 'error']
const count = 160

async function pushImages(url: string): Promise<Map<string, string>> {
  const tags = Array.from({ length: count }, (_, index) => `v${index}`)
  const digests = new Map<string, string>()
  for (let start = 0; start < count; start += 16) {
    await Promise.all(
      tags.slice(start, start + 16).map(async (reference) => {
        const { digest } = await pushImage({ url, repository: 'big' }, { reference, content: reference })
        digests.set(reference, digest)
      }),
    )
  }
  return digests
}

/** Kills the server while it works on a request, as soon as the condition holds. @returns the next server */
async function killDuring(
  berth: RunningBerth,
  request: Promise<unknown>,
  condition: () => Promise<boolean>,
): Promise<RunningBerth> {
  const cut = request.catch(() => undefined)
  while (!(await condition()));
  await berth.stop('SIGKILL')
  await cut
  return startBerth({ data: berth.data, args: quiet })
}

test('a deletion and a restore that a kill cut off are completed by the next restore', async () => {
  let berth = await startBerth({ args: quiet })
  const digests = await pushImages(berth.url)
  const trash = async () => (await ask(berth.url, 'GET', '/trash')).body.trash
  const held = async () => (await ask(berth.url, 'GET', '/repositories/big')).body.manifests ?? 0

  berth = await killDuring(
    berth,
    ask(berth.url, 'DELETE', '/repositories/big'),
    async () => (await held()) < count,
  )
  const left = await held()
  const [deletion] = await trash()
  expect(left + deletion.manifests).toBe(count)

  const restoring = ask(berth.url, 'POST', `/trash/${deletion.id}/restore`, {})
  berth = await killDuring(berth, restoring, async () => (await held()) > left || left === count)
  for (const { id } of await trash())
    expect((await ask(berth.url, 'POST', `/trash/${id}/restore`, {})).status).toBe(200)

  expect(await trash()).toEqual([])
  for (const [tag, digest] of digests)
    expect([tag, await pulled(berth.url, tag, 'big')]).toEqual([tag, digest])
  await berth.stop()
})
