import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { berthExecutable, type RunningBerth, startBerth } from '../support/berth.ts'
import { run } from '../support/command.ts'
import { ask } from '../support/management.ts'
import { requirePostgres } from '../support/postgres.ts'
import { bytesOf, openUpload, pushImage } from '../support/push.ts'
import { imageOf, pushWithin, sendBlob, sendings } from '../support/quota-push.ts'
import { startReplicas } from '../support/replicas.ts'

interface Serving {
  readonly url: string
  stop(): Promise<unknown>
}

/** Clients at once, and images that fit. */
const [clients, fitting] = [50, 10]

async function usedIn(url: string, namespace: string) {
  const { body } = await ask(url, 'GET', `/namespaces/${namespace}/quota`)
  return body
}

const setQuota = (url: string, namespace: string, limits: object) =>
  ask(url, 'PUT', `/namespaces/${namespace}/quota`, limits)

/** Every number from 0 up, of so many. */
const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)

function holdsUnderPressure(name: string, start: () => Promise<Serving>): void {
  describe(`a quota under many clients at once, ${name}`, () => {
    let serving: Serving
    beforeAll(async () => {
      serving = await start()
    })
    afterAll(() => serving.stop())

    test('takes exactly the images that fit, and room that was freed at once', async () => {
      const { url } = serving
      const limit = imageOf(0).size * fitting
      await setQuota(url, 'crowd', { bytes: limit })
      const remoteOf = (number: number) => ({ url, repository: `crowd/app-${number % 7}` })
      const outcomes = await Promise.all(
        numbers(clients).map((number) => {
          const how = { sending: sendings[number % 3] ?? 'whole', tag: `v${number}` }
          return pushWithin(remoteOf(number), imageOf(number), how)
        }),
      )
      expect(outcomes.filter((refused) => refused === undefined)).toHaveLength(fitting)
      for (const refused of outcomes)
        if (refused) expect(refused).toMatchObject({ status: 403, code: 'DENIED' })
      expect((await usedIn(url, 'crowd')).bytes).toMatchObject({ used: limit, reserved: 0, limit })
      const pushed = outcomes.indexOf(undefined)
      const { status } = await ask(
        url,
        'DELETE',
        `/repositories/${encodeURIComponent(remoteOf(pushed).repository)}?purge=true`,
      )
      expect(status).toBe(200)
      const freed = (await usedIn(url, 'crowd')).bytes
      expect(freed.used % imageOf(0).size).toBe(0)
      expect(freed.used).toBeLessThan(limit)
      const next = { sending: 'stream', tag: 'next' } as const
      expect(await pushWithin(remoteOf(0), imageOf(1000), next)).toBeUndefined()
    }, 120_000)

    test('takes one image from all of them where it fits once', async () => {
      const { url } = serving
      const image = imageOf(2000)
      await setQuota(url, 'alike', { bytes: image.size })
      const outcomes = await Promise.all(
        numbers(clients).map((number) => {
          const remote = { url, repository: `alike/app-${number % 5}` }
          return pushWithin(remote, image, { sending: number % 2 ? 'at-once' : 'whole', tag: 'v1' })
        }),
      )
      expect(outcomes).toEqual(numbers(clients).map(() => undefined))
      expect(await usedIn(url, 'alike')).toMatchObject({
        bytes: { used: image.size, reserved: 0 },
        repositories: { used: 5 },
      })
    }, 120_000)
  })
}

holdsUnderPressure('on one server', () => startBerth({ args: ['--log-level', 'error'] }))
holdsUnderPressure('on two workers', () =>
  startBerth({ args: ['--log-level', 'error'], env: { BERTH_WORKERS: '2' } }),
)
if (requirePostgres('quotas on two servers'))
  holdsUnderPressure('on two servers', () =>
    startReplicas({ blobs: 'directory', env: { BERTH_LOG_LEVEL: 'error' } }),
  )

describe('a quota', () => {
  let berth: RunningBerth
  beforeAll(async () => {
    berth = await startBerth({ args: ['--log-level', 'error', '--quota-default-repositories', '2'] })
  })
  afterAll(() => berth.stop())

  const command = (...args: string[]) => run(berthExecutable, [...args, '--data', berth.data])
  const json = async (...args: string[]) => JSON.parse(await command(...args, '--output', 'json'))

  test('cuts a stream off that it has no room for, says why, and leaves nothing', async () => {
    await setQuota(berth.url, 'small', { bytes: 100_000 })
    const remote = { url: berth.url, repository: 'small/app' }
    const location = await openUpload(remote)
    let sent = 0
    const body = new ReadableStream({
      async pull(controller) {
        sent += 2 ** 18
        controller.enqueue(new Uint8Array(2 ** 18))
        await Bun.sleep(5)
        if (sent > 100 * 2 ** 18) controller.close()
      },
    })
    const answer = await fetch(location, { method: 'PATCH', body })
    expect(answer.status).toBe(403)
    const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] }
    expect(errors[0]?.code).toBe('DENIED')
    expect(errors[0]?.message).toContain('it may hold 97.7 KiB, uses 0 B, and this needs')
    expect(sent).toBeLessThan(100 * 2 ** 18)
    expect((await fetch(location)).status).toBe(404)
    expect((await usedIn(berth.url, 'small')).bytes).toMatchObject({ used: 0, reserved: 0 })
  })

  test('refuses a known length before the bytes come, and a digest that is there costs nothing', async () => {
    await setQuota(berth.url, 'tiny', { bytes: 20 })
    const [first, second] = ['tiny/one', 'tiny/two'].map((repository) => ({ url: berth.url, repository }))
    if (!first || !second) throw new Error('two repositories')
    for (const sending of sendings)
      expect((await sendBlob(first, bytesOf(`${sending} 0123456789 0123456789`), sending)).status).toBe(403)
    expect((await sendBlob(first, bytesOf('01234567890123456789'), 'whole')).status).toBe(201)
    expect((await sendBlob(second, bytesOf('01234567890123456789'), 'at-once')).status).toBe(201)
    expect((await usedIn(berth.url, 'tiny')).bytes).toMatchObject({ used: 20, reserved: 0 })
  })

  test('of repositories is what the settings say, until another is set', async () => {
    const remote = (name: string) => ({ url: berth.url, repository: `many/${name}` })
    await pushImage(remote('one'))
    await pushImage(remote('two'))
    await expect(pushImage(remote('three'))).rejects.toThrow(/manifest: 403 .*may hold 2 repositories/)
    await command('quota', 'set', 'many', '--repositories', '3')
    await pushImage(remote('three'))
    expect(await json('quota', 'show', 'many')).toMatchObject({
      repositories: { used: 3, limit: 3, set: true },
      bytes: { limit: null, set: false },
    })
    await command('quota', 'set', 'many', '--default')
    expect(await command('quota', 'show', 'many')).toContain('3 of 2 (150 %), as the settings say')
  })

  test('is shown with what lies in the trash, and emptying that makes room', async () => {
    const remote = { url: berth.url, repository: 'bin/app' }
    await pushImage(remote, { content: 'x'.repeat(5000) })
    const { used } = (await usedIn(berth.url, 'bin')).bytes
    await setQuota(berth.url, 'bin', { bytes: used })
    await command('repo', 'delete', 'bin/app', '--yes')
    expect((await usedIn(berth.url, 'bin')).bytes).toMatchObject({ used, trash: used })
    await expect(pushImage(remote, { content: 'y'.repeat(5000) })).rejects.toThrow(
      /only in the trash\), and this needs 4\.9 KiB more\. To make room, empty the trash \(berth trash empty\)/,
    )
    await command('trash', 'empty', '--yes')
    // The two bytes of its configuration had come before the rest was refused.
    expect((await usedIn(berth.url, 'bin')).bytes).toMatchObject({ used: 2, trash: 0 })
    await pushImage(remote, { content: 'y'.repeat(5000) })
  })

  test('is listed for all namespaces, and told to Prometheus', async () => {
    const { quotas } = await json('quota', 'show')
    const names = quotas.map(({ namespace }: { namespace: string }) => namespace)
    expect(names).toContain('many')
    expect(names).toEqual([...names].sort())
    const metrics = await (await fetch(`${berth.url}/metrics`)).text()
    expect(metrics).toMatch(/berth_quota_namespaces_near [1-9]/)
    expect(metrics).toMatch(/berth_quota_namespaces_full [1-9]/)
    expect(metrics).toMatch(/berth_quota_refusals_total\{code="QUOTA_EXCEEDED"\} [1-9]/)
  })

  test('that is wrong is refused with what it may be', async () => {
    for (const [limits, told] of [
      [{}, 'sets no limit'],
      [{ bytes: -1 }, 'bytes'],
      [{ bytes: '10GiB' }, 'bytes'],
      [{ more: 1 }, 'more'],
    ] as const) {
      const { status, body } = await setQuota(berth.url, 'small', limits)
      expect([status, body.errors[0].message]).toEqual([400, expect.stringContaining(told)])
    }
    expect((await setQuota(berth.url, 'Small', { bytes: 1 })).status).toBe(400)
    await expect(command('quota', 'set', 'small')).rejects.toThrow('no limit is given')
    await expect(command('quota', 'set', 'small', '--bytes', 'much')).rejects.toThrow(
      '--bytes is a size such as',
    )
    await expect(command('quota', 'set', 'small', '--unlimited', '--default')).rejects.toThrow(
      'give one of them',
    )
  })
})
