import { expect, test } from 'bun:test'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { DistributionTree } from '../support/distribution-tree.ts'
import { importResult } from '../support/imports.ts'
import { pushImage } from '../support/push.ts'
import { servedImage } from '../support/served-image.ts'

const images = 150
/** Hardly any grace, and a collector that never rests. */
const eager = [
  '--gc-grace',
  '100ms',
  '--gc-interval',
  '20ms',
  '--gc-untagged',
  '100ms',
  '--gc-keep-objects',
  '0s',
]

test('beside a server that collects without rest, pushes go on and everything comes', async () => {
  const tree = new DistributionTree(await temporaryDirectory())
  for (let number = 0; number < images; number += 1) {
    const layers = Array.from({ length: 6 }, (_, layer) => `${number} ${layer} ${'x'.repeat(200_000)}`)
    const image = tree.image(`app${number % 3}`, ['base', ...layers], {
      tags: number % 2 ? [`v${number}`] : [],
    })
    if (number % 2 === 0) tree.index(`app${number % 3}`, [image], { tags: [`v${number}`] })
  }
  const berth = await startBerth({ args: [...eager, '--log-level', 'warn'] })
  let importing = true
  const pushes = (async () => {
    let acknowledged = 0
    for (let count = 0; importing; count += 1) {
      const remote = { url: berth.url, repository: 'pushed' }
      try {
        await pushImage(remote, { reference: `v${count}`, content: `push ${count}` })
        acknowledged += 1
      } catch {
        // With so little grace, a push may be told that its blob is gone again.
      }
    }
    return acknowledged
  })()
  const outcome = await importResult(['registry', tree.directory, '--data', berth.data])
  importing = false
  expect(await pushes).toBeGreaterThan(5)
  expect(outcome).toMatchObject({ exitCode: 0, skipped: [], tags: { imported: images } })
  await Bun.sleep(500)
  for (let number = 0; number < images; number += 1)
    await servedImage(berth.url, { repository: `app${number % 3}`, reference: `v${number}` })
  expect(await berth.stop()).toBe(0)
  expect(berth.output()).not.toContain('ERROR')
})
