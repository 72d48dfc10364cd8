import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { removeDirectory, temporaryDirectory } from '../../support/berth.ts'
import { ask } from '../../support/management.ts'
import { pushImage } from '../../support/push.ts'
import { isSigned, startReceiver } from '../../support/receiver.ts'
import { addWebhook, berth as run, startNotifying, untilDeliveries } from '../../support/webhooks.ts'

/** Backups and the journal are the embedded database's. */
const embedded = process.env.BERTH_TEST_METADATA !== 'postgres'
const restored = 'a restored copy has the webhooks and tells nobody of the past; so has one that is rebuilt'

if (embedded) test(restored, copies, 120_000)

async function copies(): Promise<void> {
  let away = true
  await using receiver = startReceiver(() => new Response(null, { status: away ? 503 : 200 }))
  const berth = await startNotifying()
  const secret = await addWebhook(berth, { url: receiver.url })
  await pushImage({ url: berth.url, repository: 'team/app' }, { reference: 'v1' })
  await receiver.until(1)
  await untilDeliveries(berth, 'waiting')
  const [backup, target] = [
    join(await temporaryDirectory(), 'backup'),
    join(await temporaryDirectory(), 'new'),
  ]
  expect((await run('backup', backup, '--data', berth.data)).exitCode).toBe(0)
  await berth.stop()
  expect((await run('restore', backup, '--data', target)).exitCode).toBe(0)
  for (const file of ['metadata.sqlite', 'metadata.sqlite-wal', 'metadata.sqlite-shm'])
    await removeDirectory(join(berth.data, file))
  expect((await run('rebuild', '--data', berth.data)).exitCode).toBe(0)
  away = false
  for (const data of [target, berth.data]) {
    const before = receiver.received.length
    const copy = await startNotifying({ data })
    expect((await ask(copy.url, 'GET', '/webhooks/ci/deliveries')).body.deliveries).toEqual([])
    await pushImage({ url: copy.url, repository: 'team/app' }, { reference: 'v2' })
    const received = await receiver.until(before + 1)
    const told = received.at(-1)
    expect(told?.event.target.tag).toBe('v2')
    expect(told && isSigned(told, secret)).toBe(true)
    await copy.stop()
  }
}
