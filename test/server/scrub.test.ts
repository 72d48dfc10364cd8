import { expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { digestOf } from '../../src/oci/digest.ts'
import { startBerth } from '../support/berth.ts'
import { flipByte, objectFile, verify } from '../support/damage.ts'
import { parseExposition } from '../support/exposition.ts'
import { blobUrl, bytesOf, pushBlob, pushImage } from '../support/push.ts'

async function measured(url: string, name: string): Promise<number | undefined> {
  const samples = parseExposition(await (await fetch(`${url}/metrics`)).text())
  return samples.find((sample) => sample.name === name)?.value
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error('it did not come')
    await Bun.sleep(50)
  }
}

test('the server finds damage by itself, tells it in log and metrics, and a push heals it', async () => {
  const berth = await startBerth({
    args: [
      '--scrub-interval',
      '300ms',
      '--scrub-rate',
      '100MiB',
      '--storage-cache',
      '0',
      '--log-format',
      'json',
    ],
  })
  const remote = { url: berth.url, repository: 'app' }
  const [damaged, lost] = ['layer that is damaged', 'layer that is lost'].map(bytesOf)
  if (!damaged || !lost) throw new Error('no layers')
  await pushImage(remote, { reference: 'a', content: 'layer that is damaged' })
  await pushImage(remote, { reference: 'b', content: 'layer that is lost' })
  await until(async () => ((await measured(berth.url, 'berth_scrub_read_bytes_total')) ?? 0) > 0)
  expect(await measured(berth.url, 'berth_scrub_damaged_objects_total')).toBe(0)

  await flipByte(objectFile(berth.data, digestOf(damaged)), 4)
  await rm(objectFile(berth.data, digestOf(lost)))
  await until(async () => (await measured(berth.url, 'berth_scrub_damaged_objects_total')) === 2)
  const errors = () =>
    berth
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
      .map((line) => JSON.parse(line))
  await until(async () => errors().length === 2)
  expect(
    errors()
      .map(({ digest }) => digest)
      .toSorted(),
  ).toEqual([digestOf(damaged), digestOf(lost)].toSorted())
  for (const layer of [damaged, lost]) {
    const pull = await fetch(blobUrl(remote, digestOf(layer)))
    expect(pull.status).toBe(404)
    expect(await pull.json()).toMatchObject({ errors: [{ detail: { damaged: true } }] })
    await pushBlob(remote, layer)
    expect(await (await fetch(blobUrl(remote, digestOf(layer)))).bytes()).toEqual(layer)
  }
  expect(await verify(berth.data)).toMatchObject({ exitCode: 0, report: { findings: [] } })
  await berth.stop()
})

test('a round that a kill cut off goes on, and one that is over is not begun again too soon', async () => {
  const args = ['--scrub-rate', '100MiB']
  let berth = await startBerth({ args })
  const { data, port } = berth
  await pushImage({ url: berth.url, repository: 'app' })
  await until(async () => (await measured(berth.url, 'berth_scrub_last_round_age_seconds')) !== undefined)
  await berth.stop('SIGKILL')
  berth = await startBerth({ args, data, port })
  await until(async () => (await measured(berth.url, 'berth_scrub_last_round_age_seconds')) !== undefined)
  expect(await measured(berth.url, 'berth_scrub_read_bytes_total')).toBe(0)
  expect(await measured(berth.url, 'berth_scrub_longest_unread_seconds')).toBeGreaterThan(0)
  await berth.stop()
})

test('there is no word of it in the metrics where it is switched off', async () => {
  const berth = await startBerth({ args: ['--scrub-rate', '0'] })
  await pushImage({ url: berth.url, repository: 'app' })
  expect(await measured(berth.url, 'berth_scrub_longest_unread_seconds')).toBeUndefined()
  expect(await measured(berth.url, 'berth_scrub_last_round_age_seconds')).toBeUndefined()
  await berth.stop()
})
