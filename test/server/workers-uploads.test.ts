import { expect, test } from 'bun:test'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { type RunningBerth, startBerth } from '../support/berth.ts'
import { blobUrl, bytesOf, openUpload } from '../support/push.ts'
import { ageUploads } from '../support/stored-objects.ts'
import { type Connection, connectionsToTwo, workersOf } from '../support/workers.ts'

const start = () => startBerth({ env: { BERTH_WORKERS: '2', BERTH_LOG_FORMAT: 'json' } })

function patch(connection: Connection, path: string, content: string): void {
  connection.send(`PATCH ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length}\r\n\r\n${content}`)
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** A PATCH whose first bytes are written, and that waits for the rest. */
async function beginPatch(berth: RunningBerth, connection: Connection, path: string): Promise<void> {
  connection.send(
    `PATCH ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('old bytes, ')}`,
  )
  const file = join(berth.data, 'uploads', path.split('/').at(-1)?.split('?')[0] ?? '')
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const written = await stat(file).catch(() => undefined)
    if (written?.size === 11) return
    await Bun.sleep(10)
  }
  throw new Error('the first bytes were not written')
}

/** Closes the upload as content of this, and pulls it. */
async function closedAs(berth: RunningBerth, path: string, content: string): Promise<string> {
  const remote = { url: berth.url, repository: 'hops' }
  const digest = digestOf(bytesOf(content))
  const answer = await fetch(`${berth.url}${path}?digest=${digest}`, { method: 'PUT' })
  expect(answer.status).toBe(201)
  return (await fetch(blobUrl(remote, digest))).text()
}

test('an upload hops between workers from chunk to chunk', async () => {
  const berth = await start()
  const connections = await connectionsToTwo(berth)
  const { pathname } = new URL(await openUpload({ url: berth.url, repository: 'hops' }))
  const pieces = ['one, ', 'two, ', 'three, ', 'four']
  for (const [index, piece] of pieces.entries()) {
    const connection = connections[index % 2] ?? connections[0]
    patch(connection, pathname, piece)
    expect((await connection.answer()).status).toBe(202)
  }
  expect(await closedAs(berth, pathname, pieces.join(''))).toBe('one, two, three, four')
  await berth.stop()
}, 60_000)

/** An upload of which one worker wrote the beginning, and another what was acknowledged since. */
async function takenOver() {
  const berth = await start()
  const [late, winner] = await connectionsToTwo(berth)
  const { pathname } = new URL(await openUpload({ url: berth.url, repository: 'hops' }))
  await beginPatch(berth, late, pathname)
  ageUploads(berth.data)
  patch(winner, pathname, 'acknowledged')
  expect((await winner.answer()).status).toBe(202)
  return { berth, late, pathname }
}

test('a writer that comes back after another worker took its upload over writes no more', async () => {
  const { berth, late, pathname } = await takenOver()
  late.send(`${chunk('more of the old bytes, and many of them')}0\r\n\r\n`)
  expect((await late.answer()).status).toBe(404)
  expect(await closedAs(berth, pathname, 'acknowledged')).toBe('acknowledged')
  await berth.stop()
}, 60_000)

test('a writer whose client goes away after that takes nothing of the other’s away', async () => {
  const { berth, late, pathname } = await takenOver()
  late.close()
  await Bun.sleep(300)
  expect(await closedAs(berth, pathname, 'acknowledged')).toBe('acknowledged')
  await berth.stop()
}, 60_000)

test('a worker that stands still with an upload is killed before another goes on with it', async () => {
  const berth = await start()
  const before = await workersOf(berth)
  const [late, winner] = await connectionsToTwo(berth)
  const { pathname } = new URL(await openUpload({ url: berth.url, repository: 'hops' }))
  await beginPatch(berth, late, pathname)
  const frozen = await holderOf(before, join(berth.data, 'uploads'))
  process.kill(frozen, 'SIGSTOP')
  ageUploads(berth.data)
  patch(winner, pathname, 'acknowledged')
  expect((await winner.answer()).status).toBe(202)
  expect(await workersOf(berth)).not.toContain(frozen)
  expect(await closedAs(berth, pathname, 'acknowledged')).toBe('acknowledged')
  await berth.stop()
}, 60_000)

test('an upload whose worker was killed goes on at once, without waiting for its lease', async () => {
  const berth = await start()
  const [cut, next] = await connectionsToTwo(berth)
  const { pathname } = new URL(await openUpload({ url: berth.url, repository: 'hops' }))
  await beginPatch(berth, cut, pathname)
  process.kill(await holderOf(await workersOf(berth), join(berth.data, 'uploads')), 'SIGKILL')
  await Bun.sleep(300)
  patch(next, pathname, 'acknowledged')
  expect((await next.answer()).status).toBe(202)
  expect(await closedAs(berth, pathname, 'acknowledged')).toBe('acknowledged')
  await berth.stop()
}, 60_000)

/** The process that has a file of the directory open. */
async function holderOf(processes: readonly number[], directory: string): Promise<number> {
  for (const pid of processes) {
    const { stdout } = Bun.spawnSync(['find', `/proc/${pid}/fd`, '-lname', `${directory}/*`])
    if (stdout.length > 0) return pid
  }
  throw new Error('no process has the upload open')
}
