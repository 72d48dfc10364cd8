import type { Contender } from '../contender.ts'
import type { BigFile } from '../load/big-file.ts'
import { curl } from '../load/curl.ts'
import { locationOf, openUpload, withDigest } from '../load/push.ts'
import { processorSeconds } from '../process-tree.ts'
import type { Instance } from '../servers/instance.ts'
import { median } from '../statistics.ts'
import type { Line, LineContext, Metric } from './line.ts'

const repository = 'bench/big'
const pullsPerTurn = 3

/** One big blob by curl: out, in by one PUT, and in by docker's way. */
export function transferLines({ scale, bigFile }: LineContext): Line[] {
  const size = sizeOf(scale.bigFile)
  return [
    pullLine(`${size} pull`, bigFile),
    pushLine(`${size} push in one PUT`, { bigFile, push: pushInOnePut }),
    pushLine(`${size} push in a chunked PATCH`, { bigFile, push: pushInOnePatch }),
  ]
}

function pullLine(name: string, bigFile: () => Promise<BigFile>): Line {
  const blobs = new Map<Contender, string>()
  return {
    name,
    metrics: metrics(name, 1.5),
    prepare: async (contender) => {
      const file = await bigFile()
      const instance = await contender.instance('images')
      const digest = file.renew()
      await pushInOnePut(instance, { file, digest })
      const blob = blobUrl(instance, digest)
      await checkBytes(blob, digest)
      blobs.set(contender, blob)
    },
    measure: async (contender) => {
      const blob = blobs.get(contender)
      if (!blob) throw new Error(`${name} was not prepared`)
      const instance = await contender.instance('images')
      const { size } = await bigFile()
      return measured(instance, size * pullsPerTurn, async () => {
        const seconds: number[] = []
        for (let pull = 0; pull < pullsPerTurn; pull++) seconds.push((await curl(200, [blob])).seconds)
        return median(seconds)
      })
    },
  }
}

type Push = (instance: Instance, upload: { file: BigFile; digest: string }) => Promise<number>

function pushLine(name: string, { bigFile, push }: { bigFile: () => Promise<BigFile>; push: Push }): Line {
  const once = async (contender: Contender) => {
    const file = await bigFile()
    const instance = await contender.instance('images')
    const digest = file.renew()
    const figures = await measured(instance, file.size, () => push(instance, { file, digest }))
    await checkLength(blobUrl(instance, digest), file.size)
    await contender.product.dropBlob?.(instance, digest)
    return figures
  }
  // No rehearsal: every turn checks what it pushed, and a push that fails fails the line.
  return { name, metrics: metrics(name, 1.6), prepare: async () => {}, measure: once }
}

/** @returns seconds for POST and PUT */
async function pushInOnePut(
  instance: Instance,
  { file, digest }: { file: BigFile; digest: string },
): Promise<number> {
  const begun = performance.now()
  const location = await openUpload(instance.url, repository)
  const opened = (performance.now() - begun) / 1_000
  const put = await curl(201, ['--upload-file', file.path, withDigest(location, digest)])
  return opened + put.seconds
}

/** @returns seconds for POST, PATCH and PUT */
async function pushInOnePatch(
  instance: Instance,
  { file, digest }: { file: BigFile; digest: string },
): Promise<number> {
  const begun = performance.now()
  const location = await openUpload(instance.url, repository)
  const opened = (performance.now() - begun) / 1_000
  const chunked = ['--request', 'PATCH', '--header', 'Transfer-Encoding: chunked', '--upload-file', file.path]
  const patch = await curl(202, [...chunked, location])
  const next = locationOf(patch.location, location)
  const put = await curl(201, ['--request', 'PUT', '--header', 'Content-Length: 0', withDigest(next, digest)])
  return opened + patch.seconds + put.seconds
}

async function measured(instance: Instance, bytes: number, transfer: () => Promise<number>) {
  const before = processorSeconds(instance.pid)
  const seconds = await transfer()
  const cpu = (processorSeconds(instance.pid) - before) / (bytes / 1024 ** 3)
  return { seconds, cpu }
}

async function checkBytes(url: string, digest: string): Promise<void> {
  const response = await fetch(url)
  if (response.status !== 200 || !response.body)
    throw new Error(`GET ${url} was answered ${response.status}, not 200`)
  const hasher = new Bun.CryptoHasher('sha256')
  for await (const piece of response.body) hasher.update(piece)
  if (`sha256:${hasher.digest('hex')}` !== digest)
    throw new Error(`GET ${url} gives other bytes than were pushed`)
}

async function checkLength(url: string, size: number): Promise<void> {
  const response = await fetch(url, { method: 'HEAD' })
  const length = response.headers.get('content-length')
  if (response.status !== 200 || Number(length) !== size) {
    throw new Error(
      `after the push, HEAD ${url} is answered ${response.status} with Content-Length ${length}`,
    )
  }
}

function metrics(name: string, ratio: number): Metric[] {
  return [
    { key: 'seconds', label: name, unit: 's', reach: { ratio } },
    { key: 'cpu', label: "  the server's processor time", unit: 'CPU s/GiB' },
  ]
}

function blobUrl({ url }: Instance, digest: string): string {
  return `${url}/v2/${repository}/blobs/${digest}`
}

function sizeOf(bytes: number): string {
  const mib = bytes / 1024 ** 2
  return mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`
}
