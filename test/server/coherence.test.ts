import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { startBerth } from '../support/berth.ts'
import { manifestUrl, pushImage, putManifest } from '../support/push.ts'

/** Keeps the server busy with pulls of what is changed meanwhile, until it is told to stop. */
function load(url: string, connections: number): () => Promise<void> {
  let running = true
  const clients = Array.from({ length: connections }, async () => {
    while (running) await (await fetch(url)).bytes()
  })
  return async () => {
    running = false
    await Promise.all(clients)
  }
}

test('what another process commits is seen by the next request, under load', async () => {
  const berth = await startBerth({ args: ['--log-level', 'error'] })
  const remote = { url: berth.url, repository: 'shared' }
  const images = []
  for (const content of ['one', 'two']) images.push(await pushImage(remote, { reference: content, content }))
  const { manifest } = await pushImage(remote, { reference: 'moving', content: 'one' })
  expect(manifest).toBe(images[0]?.manifest ?? '')
  const stop = load(manifestUrl(remote, 'moving'), 16)
  const foreign = new Database(join(berth.data, 'metadata.sqlite'))
  foreign.run('PRAGMA busy_timeout = 5000')
  const move = foreign.query("update tags set digest = ? where name = 'moving'")
  let stale = 0
  for (let round = 0; round < 400; round += 1) {
    const digest = images[round % 2]?.digest ?? ''
    move.run(digest)
    const seen = (await fetch(manifestUrl(remote, 'moving'))).headers.get('docker-content-digest')
    if (seen !== digest) stale += 1
  }
  foreign.close()
  await stop()
  expect(stale).toBe(0)
  await berth.stop()
})

test('what a client was told is done is seen by its next request, under load', async () => {
  const berth = await startBerth({ args: ['--log-level', 'error'] })
  const remote = { url: berth.url, repository: 'own' }
  const images = []
  for (const content of ['one', 'two']) images.push(await pushImage(remote, { reference: 'moving', content }))
  const stop = load(manifestUrl(remote, 'moving'), 16)
  let stale = 0
  for (let round = 0; round < 200; round += 1) {
    const image = images[round % 2]
    await putManifest(remote, 'moving', image?.manifest ?? '')
    const seen = (await fetch(manifestUrl(remote, 'moving'))).headers.get('docker-content-digest')
    if (seen !== image?.digest) stale += 1
  }
  await stop()
  expect(stale).toBe(0)
  await berth.stop()
})
