import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { pulled } from '../support/management.ts'
import { pushImage } from '../support/push.ts'

const bin = process.env.BERTH_BIN ?? join(import.meta.dir, '../../bin/berth')
type Berth = Awaited<ReturnType<typeof startBerth>>

function runner(way: (berth: Berth) => string[], berth: () => Berth) {
  const run = async (...args: string[]) => {
    const result = await attempt(bin, [...args, ...way(berth())], {
      env: { USER: 'operator', SUDO_USER: '' },
    })
    return { ...result, lines: result.stdout.trimEnd().split('\n') }
  }
  const json = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await run(...args, '--output', 'json')
    if (exitCode !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  }
  return { run, json }
}

const ways: [name: string, way: (berth: Berth) => string[], caller: string][] = [
  ['on the data directory, beside the server', ({ data }) => ['--data', data], 'cli:operator'],
  ['through the API', ({ url }) => ['--server', url], 'anonymous'],
]

for (const [name, way, caller] of ways) {
  describe(`an operator ${name}`, () => {
    let berth: Berth
    beforeAll(async () => {
      berth = await startBerth({ args: ['--log-level', 'error', '--tags-immutable', 'fixed:v*'] })
    })
    afterAll(() => berth.stop())
    const { run, json } = runner(way, () => berth)
    const push = (repository: string, reference: string, content: string) =>
      pushImage({ url: berth.url, repository }, { reference, content })

    test('sees what there is', async () => {
      const { digest } = await push('seen/app', 'v1', 'one')
      const list = await run('repo', 'list')
      expect(list.lines[0]).toMatch(/^REPOSITORY +VISIBILITY +TAGS +MANIFESTS +SIZE +LAST PUSH$/)
      expect(list.stdout).toMatch(/^seen\/app +private +1 +1 +5 B +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/m)
      expect((await run('repo', 'show', 'seen/app')).stdout).toContain('manifests   1\n')
      expect((await run('tag', 'list', 'seen/app')).stdout).toContain(`v1   ${digest}`)
      expect(await json('repo', 'show', 'seen/app')).toMatchObject({ name: 'seen/app', bytes: 5 })
    })

    test('deletes a repository, which the server has no more at once, and takes it back', async () => {
      const { digest } = await push('gone', 'v1', 'one')
      expect(await pulled(berth.url, 'v1', 'gone')).toBe(digest)
      const deleted = await run('repo', 'delete', 'gone')
      expect(deleted.lines[0]).toBe('deleted gone: 1 manifest, 1 tag')
      expect(await pulled(berth.url, 'v1', 'gone')).toBe(404)
      const { trash } = await json('trash', 'list', 'gone')
      expect(trash).toMatchObject([{ kind: 'repository', repository: 'gone', caller }])
      expect(deleted.lines[1]).toContain(`berth trash restore ${trash[0].id}`)
      expect((await run('trash', 'list', 'gone')).stdout).toContain('gone (1 manifest, 1 tag)')
      const restored = await run('trash', 'restore', trash[0].id)
      expect(restored.stdout).toBe('restored to gone: 1 manifest, 1 tag\n')
      expect(await pulled(berth.url, 'v1', 'gone')).toBe(digest)
      expect((await run('trash', 'list', 'gone')).stdout).toBe('nothing is in the trash\n')
    })

    test('deletes a tag and a manifest, and restores them under other names', async () => {
      const { digest } = await push('parts', 'v1', 'one')
      const tag = await json('tag', 'delete', 'parts:v1')
      expect(await pulled(berth.url, 'v1', 'parts')).toBe(404)
      await run('trash', 'restore', tag.trash, '--tag', 'v2')
      expect(await pulled(berth.url, 'v2', 'parts')).toBe(digest)
      const manifest = await json('manifest', 'delete', `parts@${digest}`)
      expect(await pulled(berth.url, digest, 'parts')).toBe(404)
      await run('trash', 'restore', manifest.trash, '--to', 'parts/rescued')
      expect(await pulled(berth.url, 'v2', 'parts/rescued')).toBe(digest)
    })

    test('resolves a tag at a time, and puts it back', async () => {
      const first = await push('moved', 'latest', 'one')
      const between = new Date().toISOString()
      await Bun.sleep(5)
      const second = await push('moved', 'latest', 'two')
      expect((await run('resolve', 'moved:latest')).stdout).toBe(`${second.digest}\n`)
      expect((await run('resolve', 'moved:latest', '--at', between)).stdout).toBe(`${first.digest}\n`)
      const early = await run('resolve', 'moved:latest', '--at', '2h')
      expect([early.exitCode, early.stdout]).toEqual([1, ''])
      expect(early.stderr).toContain('was not there yet')
      const put = await run('tag', 'restore', 'moved:latest')
      expect(put.lines).toEqual([`moved:latest points at ${first.digest}`, `before: ${second.digest}`])
      expect(await pulled(berth.url, 'latest', 'moved')).toBe(first.digest)
      await run('tag', 'restore', 'moved:latest', '--to', second.digest)
      await run('tag', 'restore', 'moved:latest', '--at', between)
      const history = await run('tag', 'history', 'moved:latest', '--limit', '2')
      expect(history.lines.slice(1).map((line) => line.split(/ {2,}/).slice(1))).toEqual([
        [first.digest, caller],
        [second.digest, caller],
      ])
      await run('manifest', 'delete', `moved@${second.digest}`)
      await run('tag', 'restore', 'moved:latest', '--to', second.digest)
      expect(await pulled(berth.url, 'latest', 'moved')).toBe(second.digest)
    })

    test('needs --yes for what nothing brings back', async () => {
      await push('purged', 'v1', 'one')
      const refused = await run('repo', 'delete', 'purged', '--purge')
      expect([refused.exitCode, await pulled(berth.url, 'v1', 'purged')]).toEqual([2, expect.any(String)])
      expect(refused.stderr).toContain('--yes')
      const purged = await run('repo', 'delete', 'purged', '--purge', '--yes')
      expect(purged.lines[1]).toBe('it is gone for good')
      expect((await json('trash', 'list', 'purged')).trash).toEqual([])

      await push('emptied', 'v1', 'one')
      const { trash } = await json('repo', 'delete', 'emptied')
      expect((await run('trash', 'empty')).exitCode).toBe(2)
      expect((await run('trash', 'empty', trash)).stdout).toBe('1 deletion forgotten for good\n')
      expect((await run('trash', 'empty', '--yes')).exitCode).toBe(0)
      expect((await json('trash', 'list')).trash).toEqual([])
    })

    test('keeps to the rules of the server', async () => {
      const { digest } = await push('fixed', 'v1', 'one')
      for (const args of [
        ['repo', 'delete', 'fixed'],
        ['tag', 'delete', 'fixed:v1'],
        ['manifest', 'delete', `fixed@${digest}`],
      ]) {
        const refused = await run(...args)
        expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('immutable')])
      }
      expect(await pulled(berth.url, 'v1', 'fixed')).toBe(digest)
    })

    test('switches the registry to read-only and back', async () => {
      const on = await run('read-only', 'on')
      expect(on.stdout).toMatch(/^the registry is read-only: since .*, by /)
      expect(on.stdout).toContain(caller)
      const upload = await fetch(`${berth.url}/v2/x/blobs/uploads/`, { method: 'POST' })
      expect([upload.status, upload.headers.get('retry-after')]).toEqual([503, '30'])
      const refused = await run('repo', 'delete', 'seen/app')
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('read-only')])
      expect((await json('read-only', 'status')).readOnly).toBe(true)
      expect((await run('read-only', 'off')).stdout).toBe('the registry takes pushes and deletions\n')
      expect((await fetch(`${berth.url}/v2/x/blobs/uploads/`, { method: 'POST' })).status).toBe(202)
    })

    test('is told what can’t be done', async () => {
      const cases: [args: string[], words: string][] = [
        [['repo', 'show', 'nowhere'], 'there is no repository nowhere'],
        [['tag', 'delete', 'nowhere:v1'], 'no such tag'],
        [['trash', 'restore', 'nothing'], 'berth trash list'],
      ]
      for (const [args, words] of cases) {
        const { exitCode, stderr } = await run(...args)
        expect([args, exitCode, stderr]).toEqual([args, 1, expect.stringContaining(words)])
      }
    })
  })
}

test('both ways print the same', async () => {
  const berth = await startBerth({ args: ['--log-level', 'error'] })
  for (const content of ['one', 'two'])
    await pushImage({ url: berth.url, repository: 'same/app' }, { content })
  await attempt(bin, ['tag', 'delete', 'same/app:latest', '--data', berth.data])
  await pushImage({ url: berth.url, repository: 'same/app' }, { content: 'three' })
  const commands = [
    ['repo', 'list'],
    ['repo', 'show', 'same/app'],
    ['tag', 'list', 'same/app'],
    ['tag', 'history', 'same/app:latest'],
    ['resolve', 'same/app:latest'],
    ['trash', 'list'],
    ['read-only', 'status'],
  ]
  const print = async (command: string[], ...way: string[]) => {
    const { exitCode, stdout } = await attempt(bin, [...command, ...way])
    return [exitCode, command.includes('json') ? JSON.parse(stdout) : stdout]
  }
  for (const command of [...commands, ['trash', 'list', '--output', 'json']]) {
    const [direct, remote] = await Promise.all([
      print(command, '--data', berth.data),
      print(command, '--server', `${berth.url}/`),
    ])
    expect(remote).toEqual(direct as never)
    expect(direct?.[0]).toBe(0)
  }
  await berth.stop()
})

test('what can’t be understood is named, with what would be', async () => {
  const cases: [args: string[], words: string][] = [
    [['repo', 'show'], 'REPOSITORY is missing'],
    [['repo', 'show', 'Nowhere'], 'lower-case'],
    [['tag', 'delete', 'nowhere'], 'REPOSITORY:TAG'],
    [['manifest', 'delete', 'nowhere:v1'], 'REPOSITORY@DIGEST'],
    [['resolve', 'a:b', '--at', 'yesterday'], 'ISO 8601'],
    [['tag', 'restore', 'a:b', '--at', '1h', '--to', 'x'], 'give one'],
    [['tag', 'history', 'a:b', '--limit', '0'], 'from 1 to 1000'],
    [['repo', 'delete', 'a', '--output', 'xml'], '--output is text or json'],
  ]
  const outcomes = await Promise.all(cases.map(([args]) => attempt(bin, args)))
  for (const [index, [args, words]] of cases.entries()) {
    const { exitCode, stderr } = outcomes[index] ?? { exitCode: -1, stderr: '' }
    expect([args, exitCode, stderr]).toEqual([args, 2, expect.stringContaining(words)])
  }
})

test('a registry that is not there is a clear error', async () => {
  const empty = await temporaryDirectory()
  const cases: [args: string[], code: number, words: string][] = [
    [['--data', empty], 1, 'there is no registry'],
    [['--server', 'http://127.0.0.1:1'], 1, 'nothing answers'],
    [['--server', 'localhost:5000'], 2, 'http://localhost:5000'],
    [['--data', empty, '--server', 'http://127.0.0.1:1'], 2, 'give one'],
  ]
  for (const [args, code, words] of cases) {
    const { exitCode, stderr } = await attempt(bin, ['repo', 'list', ...args])
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining(words)])
    expect(stderr).not.toMatch(/^\s+at /m)
  }
})
