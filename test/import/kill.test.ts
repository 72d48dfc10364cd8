import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { DistributionTree } from '../support/distribution-tree.ts'
import { berthExecutable, importResult } from '../support/imports.ts'
import { servedImage } from '../support/served-image.ts'
import { ageUploads, knownObjects, storedFiles } from '../support/stored-objects.ts'

const kills = 12
const images = 120
const atOnce = [
  '--gc-grace',
  '0s',
  '--gc-keep-objects',
  '0s',
  '--uploads-expire',
  '1s',
  '--gc-interval',
  '1h',
]

function bigTree(directory: string): DistributionTree {
  const tree = new DistributionTree(directory)
  for (let number = 0; number < images; number += 1) {
    const repository = `team${number % 7}/app`
    const layers = [`base ${number % 5}`, `own ${number} ${'x'.repeat(number * 3000)}`]
    const image = tree.image(repository, layers, { tags: [`v${number}`] })
    if (number % 10 === 0) tree.index(repository, [image], { tags: [`multi${number}`] })
  }
  return tree
}

/** @returns whether it was still at it */
async function killedImport(args: readonly string[], after: number): Promise<boolean> {
  const child = Bun.spawn([berthExecutable, 'import', 'registry', ...args], {
    stdout: 'ignore',
    stderr: 'inherit',
  })
  await Promise.race([child.exited, Bun.sleep(after)])
  const running = child.exitCode === null
  child.kill('SIGKILL')
  await child.exited
  return running
}

test.each(['--link', '--copy'])(
  'an import with %s that is killed again and again ends whole',
  async (means) => {
    const tree = bigTree(await temporaryDirectory())
    const data = join(await temporaryDirectory(), 'data')
    const args = [tree.directory, '--data', data, means]
    let hits = 0
    for (let round = 0; round < kills; round += 1) {
      if (await killedImport(args, 150 + Math.random() * 500)) hits += 1
    }
    expect(hits).toBeGreaterThan(2)
    const outcome = await importResult(['registry', ...args])
    expect(outcome).toMatchObject({ exitCode: 0, skipped: [] })
    const { manifests, tags } = outcome
    expect(manifests.imported + manifests.present).toBe(images * 1.1)
    expect(tags.imported + tags.present).toBe(images * 1.1)

    const berth = await startBerth({ data, args: atOnce })
    ageUploads(data)
    await run(berthExecutable, ['gc', '--data', data])
    const served = Array.from({ length: images }, (_, number) =>
      servedImage(berth.url, { repository: `team${number % 7}/app`, reference: `v${number}` }),
    )
    for (const image of await Promise.all(served)) expect(image.digests).toHaveLength(4)
    for (let number = 0; number < images; number += 10)
      await servedImage(berth.url, { repository: `team${number % 7}/app`, reference: `multi${number}` })
    expect(await storedFiles(data)).toEqual(knownObjects(data))
    await berth.stop()
    // Nothing of the source went with what the collector removed.
    for (let number = 0; number < images; number += 1)
      expect(existsSync(tree.dataFile(tree.data(`base ${number % 5}`)))).toBe(true)
  },
)
