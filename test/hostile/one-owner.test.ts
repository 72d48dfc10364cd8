import { expect, test } from 'bun:test'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { contentOf, repository } from './content.ts'
import { pushBlob } from './fixture.ts'

const content = contentOf(Buffer.from('kept by the first server'))
const path = `/v2/${repository}/blobs/${content.digest}`

/** What a server says that must not start. */
async function refusalToStart(data: string): Promise<string> {
  try {
    const server = await startBerth({ data })
    await server.stop()
    return 'it started'
  } catch (error) {
    return (error as Error).message
  }
}

test('refuses a second server on the same data, and the first goes on', async () => {
  const first = await startBerth()
  await pushBlob(first.url, content)

  const message = await refusalToStart(first.data)
  expect(message).toStartWith('berth ended with 1:')
  expect(message).toContain(first.data)
  expect(message).toMatch(/in use|already|another/i)
  expect(message).not.toMatch(/^\s+at .*:\d+:\d+/m)

  expect((await fetch(first.url + path)).status).toBe(200)
  await pushBlob(first.url, contentOf(Buffer.from('pushed after the second was refused')))
  expect(await first.stop()).toBe(0)
})

test('refuses a second server by another path to the same data', async () => {
  const first = await startBerth()
  const link = `${await temporaryDirectory()}/link`
  Bun.spawnSync(['ln', '-s', first.data, link])
  expect(await refusalToStart(link)).toStartWith('berth ended with 1:')
  expect(await first.stop()).toBe(0)
})

test('starts again at once after a kill, with all that it had acknowledged', async () => {
  const first = await startBerth()
  await pushBlob(first.url, content)
  await first.stop('SIGKILL')

  const second = await startBerth({ data: first.data })
  const pulled = await fetch(second.url + path)
  expect(contentOf(await pulled.bytes()).digest).toBe(content.digest)
  await pushBlob(second.url, contentOf(Buffer.from('pushed after the kill')))
  expect(await second.stop()).toBe(0)
})

test('starts again after an orderly end', async () => {
  const first = await startBerth()
  expect(await first.stop()).toBe(0)
  const second = await startBerth({ data: first.data })
  expect(await second.stop()).toBe(0)
})
