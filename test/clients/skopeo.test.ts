// Budget: 15 seconds on two cores.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { attempt, type CommandResult, run } from '../support/command.ts'
import { type Layout, readLayout, writeLayout } from '../support/oci-layout.ts'
import { requireTools } from '../support/require.ts'
import { manifestStatus, servedImage } from '../support/served-image.ts'

const ready = requireTools(['skopeo', 'tar'])

describe.skipIf(!ready)('skopeo', () => {
  let berth: RunningBerth
  let registry: string
  let single: Layout
  let index: Layout

  beforeAll(async () => {
    berth = await startBerth()
    registry = `localhost:${berth.port}`
    const base = { 'etc/name': 'berth\n', 'big/file': 'ahoy '.repeat(100_000) }
    single = await writeLayout([{ architecture: 'amd64', layers: [base, { 'etc/motd': 'one\n' }] }])
    index = await writeLayout([
      { architecture: 'amd64', layers: [base, { 'etc/machine': 'amd64\n' }] },
      { architecture: 'arm64', layers: [base, { 'etc/machine': 'arm64\n' }] },
    ])
  })

  afterAll(async () => {
    await berth?.stop()
  })

  const skopeo = (verb: string, ...args: string[]): Promise<string> =>
    run('skopeo', ['--insecure-policy', verb, ...args])

  const copy = (from: string, to: string, ...flags: string[]): Promise<string> =>
    skopeo('copy', '--src-tls-verify=false', '--dest-tls-verify=false', ...flags, from, to)

  async function pulledLayout(name: string, ...flags: string[]): Promise<Layout> {
    const directory = await temporaryDirectory()
    await copy(`docker://${registry}/${name}`, `oci:${directory}:latest`, ...flags)
    return readLayout(directory)
  }

  /** What a layout holds, without where it lies. */
  const content = ({ digest, digests }: Layout) => ({ digest, digests })

  test('copies an OCI layout to the registry and back', async () => {
    await copy(`oci:${single.directory}:latest`, `docker://${registry}/layout`)
    expect(content(await pulledLayout('layout'))).toEqual(content(single))
    expect(content(await pulledLayout(`layout@${single.digest}`))).toEqual(content(single))
    const served = await servedImage(berth.url, { repository: 'layout', reference: 'latest' })
    expect({ digest: served.digest, digests: served.digests }).toEqual(content(single))
  })

  test('copies an image from the registry to a plain directory', async () => {
    await copy(`oci:${single.directory}:latest`, `docker://${registry}/directory`)
    const directory = await temporaryDirectory()
    await copy(`docker://${registry}/directory`, `dir:${directory}`)
    const blobs = (await readdir(directory)).filter((name) => /^[0-9a-f]{64}$/.test(name))
    const manifest = await Bun.file(join(directory, 'manifest.json')).bytes()
    const digest = `sha256:${new Bun.CryptoHasher('sha256').update(manifest).digest('hex')}`
    expect([digest, ...blobs.map((name) => `sha256:${name}`)].sort()).toEqual([...single.digests])
  })

  test('copies a docker archive to the registry and back', async () => {
    const directory = await temporaryDirectory()
    const [before, after] = [join(directory, 'before.tar'), join(directory, 'after.tar')]
    await copy(`oci:${single.directory}:latest`, `docker-archive:${before}:berth/archive:1`)
    await copy(`docker-archive:${before}`, `docker://${registry}/archive:1`)
    const served = await servedImage(berth.url, { repository: 'archive', reference: '1' })
    expect(served.mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json')
    await copy(`docker://${registry}/archive:1`, `docker-archive:${after}:berth/archive:1`)
    const contents = (archive: string) => run('tar', ['-xOf', archive, 'manifest.json'])
    expect(JSON.parse(await contents(after))).toEqual(JSON.parse(await contents(before)))
  })

  test('copies an index with all its platforms and back', async () => {
    await copy(`oci:${index.directory}:latest`, `docker://${registry}/index`, '--all')
    expect(content(await pulledLayout('index', '--all'))).toEqual(content(index))
    const served = await servedImage(berth.url, { repository: 'index', reference: 'latest' })
    expect({ digest: served.digest, digests: served.digests }).toEqual(content(index))
    const [amd64, arm64] = served.manifest.manifests ?? []
    const directory = await temporaryDirectory()
    await run('skopeo', [
      ...['--insecure-policy', '--override-arch', 'arm64', 'copy', '--src-tls-verify=false'],
      ...[`docker://${registry}/index`, `oci:${directory}:latest`],
    ])
    const pulled = await readLayout(directory)
    expect(pulled.digest).toBe(arm64?.digest ?? '')
    expect(pulled.digests).not.toContain(amd64?.digest ?? '')
  })

  test('copies from one repository to another without a change', async () => {
    await copy(`oci:${index.directory}:latest`, `docker://${registry}/origin:1`, '--all')
    await copy(`docker://${registry}/origin:1`, `docker://${registry}/destination/nested:2`, '--all')
    expect(content(await pulledLayout('destination/nested:2', '--all'))).toEqual(content(index))
  })

  test('copies an image to zstd and back', async () => {
    const fresh = await writeLayout([{ architecture: 'amd64', layers: [{ 'etc/motd': 'zstd\n' }] }])
    const archive = join(await temporaryDirectory(), 'image.tar')
    await copy(`oci:${fresh.directory}:latest`, `docker-archive:${archive}:berth/zstd:1`)
    const zstd = ['--format', 'oci', '--dest-compress-format', 'zstd']
    await copy(`docker-archive:${archive}`, `docker://${registry}/zstd`, ...zstd)
    const served = await servedImage(berth.url, { repository: 'zstd', reference: 'latest' })
    expect(served.manifest.layers?.map(({ mediaType }) => mediaType)).toEqual([
      'application/vnd.oci.image.layer.v1.tar+zstd',
    ])
    expect(content(await pulledLayout('zstd'))).toEqual({ digest: served.digest, digests: served.digests })
  })

  test('syncs a repository to a directory and the directory to another registry name', async () => {
    for (const tag of ['1.0', '2.0']) {
      await copy(`oci:${single.directory}:latest`, `docker://${registry}/synced:${tag}`)
    }
    await copy(`oci:${index.directory}:latest`, `docker://${registry}/synced:multi`, '--all')
    const directory = await temporaryDirectory()
    const flags = ['--all', '--src-tls-verify=false', '--dest-tls-verify=false']
    await skopeo('sync', ...flags, '--src', 'docker', '--dest', 'dir', `${registry}/synced`, directory)
    expect((await readdir(directory)).sort()).toEqual(['synced:1.0', 'synced:2.0', 'synced:multi'])
    await skopeo('sync', ...flags, '--src', 'dir', '--dest', 'docker', directory, `${registry}/copies`)
    for (const reference of ['1.0', '2.0', 'multi']) {
      expect(await servedImage(berth.url, { repository: 'copies/synced', reference })).toEqual(
        await servedImage(berth.url, { repository: 'synced', reference }),
      )
    }
  })

  test('inspects an image, its config and its exact manifest', async () => {
    await copy(`oci:${single.directory}:latest`, `docker://${registry}/inspected:1`)
    const inspect = (...flags: string[]) =>
      skopeo('inspect', '--tls-verify=false', ...flags, `docker://${registry}/inspected:1`)
    const raw = await inspect('--raw')
    expect(`sha256:${new Bun.CryptoHasher('sha256').update(raw).digest('hex')}`).toBe(single.digest)
    const { layers } = JSON.parse(raw) as { layers: { digest: string }[] }
    expect(JSON.parse(await inspect())).toMatchObject({
      Name: `${registry}/inspected`,
      Digest: single.digest,
      RepoTags: ['1'],
      Architecture: 'amd64',
      Labels: { made: 'by hand' },
      Layers: layers.map(({ digest }) => digest),
    })
    expect(JSON.parse(await inspect('--config'))).toMatchObject({ config: { Env: ['SHIP=berth'] } })
  })

  test('lists every tag, sorted', async () => {
    const tags = ['v2', 'v10', 'Latest', 'edge', '_under', '0.1-rc.1']
    for (const tag of tags) await copy(`oci:${single.directory}:latest`, `docker://${registry}/tags:${tag}`)
    const listed = await skopeo('list-tags', '--tls-verify=false', `docker://${registry}/tags`)
    expect(JSON.parse(listed)).toEqual({ Repository: `${registry}/tags`, Tags: tags.toSorted() })
  })

  test('deletes an image with its tags and leaves the others', async () => {
    await copy(`oci:${single.directory}:latest`, `docker://${registry}/deleted:1`)
    await copy(`oci:${single.directory}:latest`, `docker://${registry}/deleted:same`)
    await copy(`oci:${index.directory}:latest`, `docker://${registry}/deleted:kept`, '--all')
    await skopeo('delete', '--tls-verify=false', `docker://${registry}/deleted:1`)
    for (const reference of ['1', 'same', single.digest]) {
      expect(await manifestStatus(berth.url, { repository: 'deleted', reference })).toBe(404)
    }
    expect(content(await pulledLayout('deleted:kept', '--all'))).toEqual(content(index))
  })

  test('reports an image that is not there', async () => {
    const missing: CommandResult = await attempt('skopeo', [
      ...['inspect', '--tls-verify=false', `docker://${registry}/nobody/pushed:this`],
    ])
    expect(missing.exitCode).not.toBe(0)
    expect(missing.stderr).toContain('manifest unknown')
  })
})
