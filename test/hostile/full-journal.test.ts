import { describe, expect, test } from 'bun:test'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { rowsOf } from '../support/data-rows.ts'
import { pushImage } from '../support/push.ts'
import { canMount, mountMemory, resizeMemory } from './mounted.ts'

const bin = process.env.BERTH_BIN ?? `${import.meta.dir}/../../bin/berth`

/** An image whose manifest takes half a MiB. */
function pushLarge(berth: RunningBerth, reference: string) {
  const extra = { annotations: { note: reference.repeat(500_000 / reference.length) } }
  return pushImage({ url: berth.url, repository: 'large' }, { reference, extra })
}

async function readiness({ url }: RunningBerth): Promise<{ status: string; warnings?: { journal: string } }> {
  return (await fetch(`${url}/readyz`)).json() as Promise<{ status: string; warnings?: { journal: string } }>
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await what()) return
    await Bun.sleep(50)
  }
  throw new Error('it did not come')
}

describe.skipIf(!(await canMount()))('a full disk under the journal', () => {
  test('stops no push, is told, and costs nothing once there is room again', async () => {
    const data = await temporaryDirectory()
    const journal = join(data, 'journal')
    await mkdir(journal)
    await using _ = await mountMemory(journal, 2)
    const berth = await startBerth({ data })
    for (let index = 0; index < 8; index += 1) await pushLarge(berth, `image-${index}`)
    await until(async () => (await readiness(berth)).warnings !== undefined)
    expect(await readiness(berth)).toMatchObject({
      status: 'ok',
      warnings: { journal: expect.stringMatching(/ENOSPC|space/) },
    })
    await pushLarge(berth, 'image-8')
    await until(async () => berth.output().includes('the journal can not be written'))
    const metrics = await (await fetch(`${berth.url}/metrics`)).text()
    expect(metrics).toMatch(/^berth_journal_lag_rows [1-9]/m)

    await resizeMemory(journal, 64)
    await until(async () => (await readiness(berth)).warnings === undefined)
    await until(async () => berth.output().includes('the journal is written again'))
    await berth.stop()
    const before = rowsOf(data)
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(data, `metadata.sqlite${suffix}`), { force: true })
    await run(bin, ['rebuild', '--data', data])
    expect(rowsOf(data)).toEqual(before)
    expect(before.manifests).toHaveLength(9)
  }, 60_000)
})
