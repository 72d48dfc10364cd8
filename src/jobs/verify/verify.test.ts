import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { type MemoryRegistry, memoryRegistry } from '../../../test/support/memory-registry.ts'
import { app, manifest, other, refersTo, tag } from '../../metadata/contract/fixtures.ts'
import type { Verification } from './verification.ts'
import { verify } from './verify.ts'

function verifying(registry: MemoryRegistry, more: Partial<Verification> = {}) {
  return verify({
    ...registry,
    repository: undefined,
    quarantine: true,
    removeUnknown: undefined,
    missing: 'index',
    ...more,
  })
}

test('counts what it read, and finds nothing where all is sound', async () => {
  const registry = await memoryRegistry()
  for (const content of ['one', 'three', 'seventeen']) await registry.store(content)
  await registry.metadata.change('putManifest', manifest('image'))
  expect(await verifying(registry)).toMatchObject({
    checked: { blobs: 3, bytes: 17, manifests: 1, stored: 3 },
    sound: true,
    findings: [],
    storageAway: false,
  })
})

test('looks at every blob and manifest once, however many pages they fill', async () => {
  const registry = await memoryRegistry()
  const contents = Array.from({ length: 1203 }, (_, index) => `blob ${index}`)
  await Promise.all(contents.map((content) => registry.store(content)))
  const manifests = Array.from({ length: 49 }, (_, index) => manifest(`image ${index}`))
  await Promise.all(manifests.map((put) => registry.metadata.change('putManifest', put)))
  const steps: number[] = []
  const report = await verifying(registry, {
    progress: ({ of, done, total }) => {
      if (of === 'blobs') steps.push(done / (total ?? 0))
    },
  })
  expect(report.checked).toMatchObject({ blobs: 1203, manifests: 49, stored: 1203 })
  expect(steps.length).toBeGreaterThan(1203)
  expect(steps.every((step) => step >= 0 && step <= 1)).toBe(true)
  expect(steps.at(-1)).toBe(1)
})

test('names an image by the tags of the index above it', async () => {
  const registry = await memoryRegistry()
  const layer = await registry.store('layer')
  const child = manifest('child', { references: [refersTo(layer.digest)] })
  await registry.metadata.change('putManifest', child)
  const parent = { kind: 'index', references: [refersTo(child.digest, 'child')] } as const
  const index = manifest('index', { ...parent, tags: [tag('1.0'), tag('latest')] })
  await registry.metadata.change('putManifest', index)
  const lonely = manifest('untagged', { references: [refersTo(layer.digest)] })
  await registry.metadata.change('putManifest', lonely)
  await registry.overwrite(layer.objectKey, 'later')
  const { findings } = await verifying(registry)
  const [finding] = findings
  if (finding?.kind !== 'damaged') throw new Error('no damage was found')
  expect([...finding.usedBy].sort()).toEqual(
    [`${app}:1.0`, `${app}:latest`, `${app}@${lonely.digest}`].sort(),
  )
})

test('goes on telling what is in quarantine already', async () => {
  const registry = await memoryRegistry()
  const { objectKey } = await registry.store('layer')
  await registry.overwrite(objectKey, 'later')
  for (let run = 0; run < 2; run += 1) {
    const { sound, findings } = await verifying(registry)
    expect({ sound, findings }).toMatchObject({ sound: false, findings: [{ quarantined: true }] })
  }
})

test('takes nothing out of quarantine where it is only to report', async () => {
  const registry = await memoryRegistry()
  const blob = await registry.store('layer')
  await registry.metadata.change('quarantineBlob', blob)
  expect(await verifying(registry, { quarantine: false })).toMatchObject({ sound: true, findings: [] })
  expect(await registry.metadata.findStored(blob)).toMatchObject({ damaged: true })
  expect(await verifying(registry)).toMatchObject({ findings: [{ kind: 'released' }] })
  expect(await registry.metadata.findStored(blob)).toMatchObject({ damaged: false })
})

test('quarantines nothing where the whole storage is out of reach', async () => {
  const registry = await memoryRegistry()
  const keys: string[] = []
  for (let index = 0; index < 50; index += 1) keys.push((await registry.store(`blob ${index}`)).objectKey)
  await registry.blobs.remove(keys)
  const report = await verifying(registry)
  expect(report).toMatchObject({ sound: false, storageAway: true, counts: { missing: 50 } })
  for (const { damaged } of await registry.metadata.listBlobs({ limit: 100 })) expect(damaged).toBe(false)
})

test('looks at what one repository holds, and at nothing else', async () => {
  const registry = await memoryRegistry()
  const [own, foreign] = [await registry.store('own'), await registry.store('foreign', other)]
  for (const { objectKey } of [own, foreign]) await registry.overwrite(objectKey, 'x')
  await registry.metadata.change('putManifest', manifest('of the other', { repository: other }))
  await registry.metadata.change('putManifest', manifest('own'))
  await registry.overwrite('blobs/stray', 'nobody’s')
  const report = await verifying(registry, { repository: app })
  expect(report.checked).toEqual({ blobs: 1, bytes: 3, manifests: 1, stored: null })
  expect(report.findings).toMatchObject([{ kind: 'damaged', digest: own.digest }])
})

test('dooms what nobody knows when it is told to, by its age', async () => {
  const registry = await memoryRegistry()
  await registry.overwrite('blobs/stray', 'nobody’s')
  const year = 365 * 86_400_000
  const fates = async (removeUnknown: number | undefined) =>
    (await verifying(registry, { removeUnknown })).findings.map(
      (each) => each.kind === 'unknown' && each.fate,
    )
  expect(await fates(undefined)).toEqual(['kept'])
  expect(await fates(100 * year)).toEqual(['too-young'])
  expect(await fates(year)).toEqual(['to-be-removed'])
  expect(await fates(year)).toEqual([])
  expect(await registry.metadata.findObject('blobs/stray')).toBe('doomed')
})

test('counts anew what namespaces hold where the count is wrong', async () => {
  const registry = await memoryRegistry()
  await registry.metadata.change('putManifest', manifest('image'))
  const database = new Database(registry.database)
  database.run('update usage set bytes = bytes + 7')
  database.close()
  const miscounted = async (quarantine: boolean) => {
    const { findings, sound } = await verifying(registry, { quarantine })
    return { findings, sound }
  }
  const finding = { kind: 'miscounted', namespace: 'team' } as const
  expect(await miscounted(false)).toEqual({ findings: [{ ...finding, recounted: false }], sound: false })
  expect(await miscounted(true)).toEqual({ findings: [{ ...finding, recounted: true }], sound: false })
  expect(await miscounted(true)).toEqual({ findings: [], sound: true })
})
