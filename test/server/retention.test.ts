import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt } from '../support/command.ts'
import { manifestUrl, pushImage } from '../support/push.ts'

const bin = `${import.meta.dir}/../../bin/berth`
const day = 86_400_000

async function tagsOf(remote: { url: string; repository: string }): Promise<string[]> {
  const answer = await fetch(`${remote.url}/v2/${remote.repository}/tags/list`)
  return answer.ok ? ((await answer.json()) as { tags: string[] }).tags : []
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come true within 15 s')
    await Bun.sleep(5)
  }
}

describe('berth retention', () => {
  let berth: RunningBerth
  const remote = () => ({ url: berth.url, repository: 'team/app' })
  const retention = (...args: string[]) => attempt(bin, ['retention', '--data', berth.data, ...args])

  beforeAll(async () => {
    berth = await startBerth({ args: ['--retention-rules', 'team/** newest=1 tags=v*,lab/** pushed=1d'] })
    for (const reference of ['v1', 'nightly-1', 'nightly-2']) {
      await pushImage(remote(), { reference, content: reference })
      await Bun.sleep(5)
    }
    await pushImage({ url: berth.url, repository: 'free' }, { reference: 'x' })
  })
  afterAll(async () => {
    await berth.stop()
  })

  test('shows for each tag what keeps or removes it, and changes nothing', async () => {
    const { exitCode, stdout, stderr } = await retention('--dry-run')
    expect(stderr).toBe('')
    expect(stdout).toBe(`Rule 1: team/** newest=1 tags=v*
Rule 2: lab/** pushed=1d

REPOSITORY  TAG        VERDICT  REASON
free        *          keep     no rule is for this repository
team/app    nightly-2  keep     rule 1: newest=1: the newest
team/app    nightly-1  remove   rule 1: only the 2nd newest (newest=1), matches none of v*
team/app    v1         keep     rule 1: tags: it matches v*

Where a rule applies, 2 tags would stay and 1 be removed. Nothing was changed.
`)
    expect(exitCode).toBe(0)
    expect(await tagsOf(remote())).toHaveLength(3)
  })

  test('tells the same to programs, as one document', async () => {
    const { stdout } = await retention('--dry-run', '--output', 'json', '--repository', 'team/app')
    const explained = JSON.parse(stdout)
    expect(explained).toMatchObject({
      rules: ['team/** newest=1 tags=v*', 'lab/** pushed=1d'],
      kept: 2,
      removed: 1,
    })
    expect(explained.tags.map((each: Record<string, unknown>) => [each.tag, each.verdict, each.by])).toEqual([
      ['nightly-2', 'keep', 'newest'],
      ['nightly-1', 'remove', null],
      ['v1', 'keep', 'tags'],
    ])
    const none = await retention('--dry-run', '--output', 'json', '--repository', 'free')
    expect(JSON.parse(none.stdout)).toMatchObject({ tags: [{ repository: 'free', tag: null }], removed: 0 })
  })

  test('tries rules that are not in force, but only tries them', async () => {
    const tried = await retention('--dry-run', '--rules', 'team/** tags=none')
    expect(tried.stdout).toContain('0 tags would stay and 3 be removed')
    const applied = await retention('--rules', 'team/** tags=none')
    expect(applied).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--dry-run') })
    expect(await tagsOf(remote())).toHaveLength(3)
  })

  test.each([
    [['--dry-run', '--rules', 'team/** newest=all'], 2, 'newest takes a whole number from 1 on'],
    [['--dry-run', '--repository', 'none/such'], 1, 'there is no repository none/such'],
    [['--output', 'xml'], 2, '--output is text or json'],
  ])('refuses %p', async (args, exitCode, message) => {
    expect(await retention(...args)).toMatchObject({
      exitCode,
      stdout: '',
      stderr: expect.stringContaining(message),
    })
  })

  test('refuses to remove anything while the registry is read-only, and still shows what it would', async () => {
    const database = new Database(join(berth.data, 'metadata.sqlite'))
    database.run("insert into state values ('read-only', 'on')")
    expect(await retention()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('read-only') })
    expect((await retention('--dry-run')).exitCode).toBe(0)
    database.run("delete from state where key = 'read-only'")
    database.close()
  })

  test('removes beside the running server, which sees it at once', async () => {
    expect(await tagsOf(remote())).toContain('nightly-1')
    const { stdout } = await retention()
    expect(
      stdout,
    ).toBe(`Removed 1 tag, and 1 manifest with the last tag; 2 tags stayed, in 1 repository with a rule.
They can be taken back for 7 d: berth trash list
`)
    expect(await tagsOf(remote())).toEqual(['nightly-2', 'v1'])
    const again = await retention('--output', 'json')
    expect(JSON.parse(again.stdout)).toEqual({ repositories: 1, kept: 2, removed: 0, manifests: 0 })
  })
})

describe('a run that is killed', () => {
  test('leaves each tag either as it was or in the trash, and the next one finishes', async () => {
    const berth = await startBerth({ args: ['--retention-rules', '** newest=5', '--log-level', 'error'] })
    const remote = { url: berth.url, repository: 'app' }
    const pushed = new Map<string, string>()
    for (let start = 0; start < 160; start += 20) {
      const names = Array.from({ length: 20 }, (_, index) => `t${start + index}`)
      const images = await Promise.all(
        names.map((name) => pushImage(remote, { reference: name, content: name })),
      )
      for (const [index, name] of names.entries()) pushed.set(name, images[index]?.digest ?? '')
    }
    const database = new Database(join(berth.data, 'metadata.sqlite'), { readonly: true })
    const trashed = () =>
      database.query<{ tag: string; digest: string }, []>('select tag, digest from trashed_tags').all()
    let kills = 0
    for (let attempts = 0; attempts < 20 && (await tagsOf(remote)).length > 5; attempts += 1) {
      const before = trashed().length
      const child = Bun.spawn([bin, 'retention', '--data', berth.data], {
        stdout: 'ignore',
        stderr: 'ignore',
      })
      // Killed in the midst of it: as soon as it removed something.
      await until(async () => trashed().length > before || child.exitCode !== null)
      child.kill('SIGKILL')
      await child.exited
      kills += child.signalCode === 'SIGKILL' ? 1 : 0
      const left = await tagsOf(remote)
      const gone = trashed()
      expect([...left, ...gone.map(({ tag }) => tag)].sort()).toEqual([...pushed.keys()].sort())
      for (const { tag, digest } of gone) expect(digest).toBe(pushed.get(tag) ?? '')
      for (const name of left) {
        const answer = await fetch(manifestUrl(remote, name))
        expect(answer.headers.get('docker-content-digest')).toBe(pushed.get(name) ?? '')
      }
    }
    expect(kills).toBeGreaterThan(0)
    expect((await attempt(bin, ['retention', '--data', berth.data])).exitCode).toBe(0)
    expect(await tagsOf(remote)).toHaveLength(5)
    database.close()
    await berth.stop()
  })
})

describe('the server', () => {
  test('refuses to start with a rule that keeps nothing', async () => {
    const data = await temporaryDirectory()
    const started = attempt(bin, ['serve', '--data', data, '--retention-rules', 'team/**'])
    expect(await started).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--retention-rules: "team/**" is no retention rule: it names nothing'),
    })
  })

  test('applies the rules by itself, and says so in its log', async () => {
    const berth = await startBerth({
      args: ['--retention-rules', '** newest=2', '--retention-interval', '500ms'],
    })
    const remote = { url: berth.url, repository: 'app' }
    for (const reference of ['a', 'b', 'c', 'd']) {
      await pushImage(remote, { reference, content: reference })
      await Bun.sleep(5)
    }
    await until(async () => (await tagsOf(remote)).join() === 'c,d')
    await until(async () => berth.output().includes('retention rules applied'))
    expect(berth.output()).toMatch(/retention rules applied .*repositories=1 kept=2 removed=2 manifests=2/)
    await berth.stop()
  })

  test('records a pull by GET, of a tag by HEAD, and of an index’s child; a HEAD by digest is none', async () => {
    const data = await temporaryDirectory()
    const berth = await startBerth({ data })
    const remote = { url: berth.url, repository: 'app' }
    const images = await Promise.all(
      ['got', 'headed', 'by-digest', 'checked', 'untouched'].map((reference) =>
        pushImage(remote, { reference, content: reference }),
      ),
    )
    const [, , byDigest, checked] = images.map(({ digest }) => digest)
    await fetch(manifestUrl(remote, 'got'))
    await fetch(manifestUrl(remote, 'headed'), { method: 'HEAD' })
    await fetch(manifestUrl(remote, byDigest ?? ''))
    await fetch(manifestUrl(remote, checked ?? ''), { method: 'HEAD' })
    // What is not written yet is written before the end.
    await berth.stop()
    const database = new Database(join(data, 'metadata.sqlite'))
    const pulled = database
      .query<{ name: string; day: number }, []>(
        'select name, day from tags join pulls using (repository, digest) order by name',
      )
      .all()
    expect(pulled.map(({ name }) => name)).toEqual(['by-digest', 'got', 'headed'])
    for (const pull of pulled) expect(pull.day % day).toBe(0)
    expect(database.query("select value from state where key = 'pulls-since'").get()).toBeDefined()
    database.close()
  })
})
