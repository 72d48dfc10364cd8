import { expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { manifestUrl, pushImage } from '../support/push.ts'
import { servedImage } from '../support/served-image.ts'

const bin = process.env.BERTH_BIN ?? `${import.meta.dir}/../../bin/berth`

/** Clients that push images and delete some, as long as the server answers them. */
class Load {
  /** What was acknowledged, and when, by tag. */
  readonly pushed = new Map<string, number>()
  /** What was deleted, or may have been. */
  readonly deleted = new Set<string>()
  readonly #done: Promise<unknown>
  #stopped = false
  #cutOff = false

  constructor(berth: RunningBerth, name: string, clients = 6) {
    this.#done = Promise.all(
      Array.from({ length: clients }, (_, client) => this.#client(berth, `${name}-${client}`)),
    )
  }

  /** From now on the server may go away. */
  expectCutOff(): void {
    this.#cutOff = true
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
  }

  async #client(berth: RunningBerth, name: string): Promise<void> {
    const remote = { url: berth.url, repository: 'load' }
    try {
      for (let count = 0; !this.#stopped; count += 1) {
        const reference = `${name}-${count}`
        // Layers that others push at the same moment, and one of its own.
        await pushImage(remote, { reference: `${name}-shared`, content: `shared ${count % 7}` })
        await pushImage(remote, { reference, content: `layer of ${reference}` })
        this.pushed.set(reference, performance.now())
        if (count % 3 !== 2) continue
        const gone = `${name}-${count - 1}`
        this.deleted.add(gone)
        await fetch(manifestUrl(remote, gone), { method: 'DELETE' })
      }
    } catch (error) {
      if (!this.#cutOff) throw error
    }
  }

  /** Acknowledged before then, and not deleted. */
  kept(before: number): string[] {
    return [...this.pushed].flatMap(([tag, at]) => (at < before && !this.deleted.has(tag) ? [tag] : []))
  }
}

async function expectServed(berth: RunningBerth, tags: readonly string[]): Promise<void> {
  expect(tags.length).toBeGreaterThan(0)
  for (const reference of tags) await servedImage(berth.url, { repository: 'load', reference })
}

test('killed under load and without its database, everything acknowledged comes back, again and again', async () => {
  const data = await temporaryDirectory()
  const kept: string[] = []
  for (let round = 0; round < 4; round += 1) {
    const berth = await startBerth({ data })
    const load = new Load(berth, `round-${round}`)
    await Bun.sleep(700 + round * 300)
    load.expectCutOff()
    const killed = performance.now()
    berth.process.kill('SIGKILL')
    await berth.process.exited
    await load.stop()
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(data, `metadata.sqlite${suffix}`), { force: true })
    await run(bin, ['rebuild', '--data', data])
    // The journal is written behind the answer, so the last few may not have got there.
    kept.push(...load.kept(killed - 250))
  }
  const berth = await startBerth({ data })
  await expectServed(berth, kept)
  await berth.stop()
}, 120_000)

test('each backup that is made under load, with an eager collector, is whole', async () => {
  const berth = await startBerth({
    args: [
      '--gc-interval',
      '200ms',
      '--gc-keep-objects',
      '0s',
      '--gc-grace',
      '2s',
      '--trash-retention',
      '0s',
    ],
  })
  const load = new Load(berth, 'backup', 4)
  await Bun.sleep(500)
  const directory = join(await temporaryDirectory(), 'backup')
  for (let round = 0; round < 3; round += 1) {
    const begun = performance.now()
    const before = load.kept(begun)
    await run(bin, ['backup', directory, '--data', berth.data])
    const data = join(await temporaryDirectory(), 'restored')
    await run(bin, ['restore', directory, '--data', data])
    const restored = await startBerth({ data })
    const tags = (await (await fetch(`${restored.url}/v2/load/tags/list`)).json()) as { tags: string[] }
    await expectServed(restored, tags.tags)
    expect(before.filter((tag) => !load.deleted.has(tag) && !tags.tags.includes(tag))).toEqual([])
    await restored.stop()
  }
  await load.stop()
  await berth.stop()
}, 120_000)
