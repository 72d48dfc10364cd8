import { temporaryDirectory } from '../support/berth.ts'
import type { Looks } from './load/check.ts'
import { LoadClient } from './load/client.ts'
import { blobOf, LayerPool } from './load/content.ts'
import { pushBlob, resumeUpload } from './load/push-blob.ts'
import { Random } from './load/random.ts'
import { ask } from './load/requests.ts'
import type { Place } from './load/session.ts'
import { Tally } from './load/tally.ts'
import { type Environment, faultsIn, type Server, startCommand, startServer } from './server.ts'
import { differences, objectsInFiles } from './stored-objects.ts'

/** A command that is killed in the middle, beside a server or while none runs. */
export interface KilledCommand {
  readonly name: string
  readonly beside: boolean
  args(data: string): readonly string[]
}

export interface KillOptions {
  readonly seed: number
  readonly kills: number
  readonly clients: number
  readonly commands: readonly KilledCommand[]
  /** Told after each kill, for who watches. */
  readonly progress?: (report: KillReport) => void
}

export interface KillReport {
  /** Of what, and how often. */
  readonly kills: Record<string, number>
  readonly tally: Tally
  readonly looks: Looks
  /** Uploads that a kill interrupted. */
  readonly uploads: { finished: number; refused: number }
  live: number
  failures: readonly string[]
}

/** Beside what was touched since the last kill, so many images of each client are looked at. */
const sample = 3

/** Of every server, so that what one confirmed is due for the next. Milliseconds. */
const grace = 300

/** Commands that work on a data directory, and are killed as well. */
export const killedCommands: readonly KilledCommand[] = [
  { name: 'gc beside the server', beside: true, args: (data) => ['gc', '--data', data] },
  { name: 'gc alone', beside: false, args: (data) => ['gc', '--data', data] },
]

/** Kills the server again and again, and holds each time that nothing acknowledged is lost, and nothing half-done seen. */
export async function kill(options: KillOptions): Promise<KillReport> {
  const run = new KillRun(options, await temporaryDirectory())
  await run.start()
  try {
    for (let done = 0; done < options.kills; done += 1) {
      await run.killOnce()
      options.progress?.(run.report)
    }
    await run.checkAll()
  } finally {
    await run.stop()
  }
  return run.report
}

type Kind = 'under load' | 'at start-up' | 'command'

class KillRun {
  readonly report: KillReport = {
    kills: {},
    tally: new Tally(),
    looks: { manifests: 0, blobs: 0, absent: 0 },
    uploads: { finished: 0, refused: 0 },
    live: 0,
    failures: [],
  }
  readonly #options: KillOptions
  readonly #data: string
  /** What is killed, and when. */
  readonly #plan: Random
  /** What is looked at: how much that is depends on how far the clients came. */
  readonly #random: Random
  readonly #clients: readonly LoadClient[]
  #server: Server | undefined

  constructor(options: KillOptions, data: string) {
    this.#options = options
    this.#data = data
    this.#plan = new Random(options.seed)
    this.#random = this.#plan.fork()
    const pool = new LayerPool({ seed: options.seed, layers: 80, largest: 512 * 1024 })
    const { tally, looks } = this.report
    const repositories = ['kill/one', 'kill/two']
    this.#clients = Array.from(
      { length: options.clients },
      (_, index) =>
        new LoadClient({
          name: `c${index}`,
          random: this.#random.fork(),
          pool,
          repositories,
          most: 10,
          tally,
          looks,
        }),
    )
  }

  async start(): Promise<void> {
    this.#server = await this.#startServer()
    await this.#server.answering()
  }

  async killOnce(): Promise<void> {
    const kind = this.#plan.weighted<Kind>({ 'under load': 6, 'at start-up': 2, command: 2 })
    if (kind === 'at start-up') await this.#killAtStart()
    else if (kind === 'command') await this.#killCommand()
    else await this.#killUnderLoad()
    await this.start()
    await this.#checkAfterKill()
  }

  /** Everything, and that nothing lies in the store which no live image needs. */
  async checkAll(): Promise<void> {
    await this.#server?.end('SIGTERM')
    this.#server = await startServer({
      data: this.#data,
      env: { ...collecting(1), BERTH_TRASH_RETENTION: '0s', BERTH_UPLOADS_EXPIRE: '1ms' },
    })
    await this.#server.answering()
    for (const client of this.#clients) await client.look(this.#place, client.model.manifests)
    const wrong = await this.#settle()
    const { tally } = this.report
    this.report.failures = [...tally.failures, ...wrong, ...faultsIn(this.#server.output())]
  }

  async stop(): Promise<void> {
    await this.#server?.end('SIGKILL')
  }

  get #place(): Place {
    return { url: this.#server?.url ?? '', grace }
  }

  /** With and without a collector that never pauses, and with and without trash. */
  async #startServer(): Promise<Server> {
    const resting: Environment = { BERTH_GC_GRACE: `${grace}ms` }
    return startServer({
      data: this.#data,
      env: {
        ...(this.#plan.chance(0.5) ? collecting(grace) : resting),
        BERTH_TRASH_RETENTION: this.#plan.chance(0.5) ? '0s' : '100ms',
      },
    })
  }

  async #killUnderLoad(): Promise<void> {
    let killed = false
    const working = this.#clients.map((client) => client.work(this.#place, () => killed))
    await Bun.sleep(this.#plan.below(this.#plan.chance(0.1) ? 2000 : 400))
    killed = true
    await this.#kill('the server under load')
    await Promise.all(working)
  }

  async #killAtStart(): Promise<void> {
    await this.#kill('an idle server')
    this.#server = await this.#startServer()
    await Bun.sleep(this.#plan.below(250))
    await this.#kill('a server that starts')
  }

  async #killCommand(): Promise<void> {
    const command = this.#plan.pick(this.#options.commands)
    if (!command) return this.#killUnderLoad()
    let killed = false
    const working = command.beside
      ? this.#clients.map((client) => client.work(this.#place, () => killed))
      : []
    if (!command.beside) await this.#kill('an idle server')
    const child = startCommand(command.args(this.#data))
    await Bun.sleep(this.#plan.between(50, 450))
    child.kill('SIGKILL')
    await child.exited
    this.#count(command.name)
    if (!command.beside) return
    killed = true
    await this.#kill('the server under load')
    await Promise.all(working)
  }

  async #kill(what: string): Promise<void> {
    const server = this.#server
    if (!server) return
    await server.end('SIGKILL')
    this.#count(what)
    for (const fault of faultsIn(server.output())) this.report.tally.wrong(`the log: ${fault}`)
  }

  #count(what: string): void {
    this.report.kills[what] = (this.report.kills[what] ?? 0) + 1
  }

  async #checkAfterKill(): Promise<void> {
    await Promise.all(this.#clients.map((client) => this.#checkClient(client)))
  }

  async #checkClient(client: LoadClient): Promise<void> {
    const changed = client.model.takeChanged()
    const others = Array.from({ length: sample }, () => this.#random.pick(client.model.manifests))
    const known = [...new Set([...changed, ...others])].filter((each) => each !== undefined)
    try {
      await client.look(this.#place, known)
      await this.#checkUploads(client)
    } catch (error) {
      this.report.tally.wrong(`after a kill: ${error instanceof Error ? error.message : error}`)
    }
  }

  /** What was cut off goes on or is gone, and the same content can be pushed anew at once. */
  async #checkUploads(client: LoadClient): Promise<void> {
    const { url } = this.#place
    for (const upload of client.uploads) {
      const resumed = this.#random.chance(0.5)
      if (resumed) this.report.uploads[await resumeUpload(url, upload)] += 1
      const { repository, blob } = upload
      const ignore = () => undefined
      await pushBlob({
        url,
        repository,
        blob,
        random: this.#random,
        sources: [],
        opened: ignore,
        closed: ignore,
      })
      const pulled = await ask(`${url}/v2/${repository}/blobs/${blob.digest}`, { expect: [200] })
      if (blobOf(new Uint8Array(pulled.body)).digest !== blob.digest)
        this.report.tally.wrong(`the blob ${blob.digest} came as other bytes after a kill`)
    }
    client.uploads.clear()
  }

  async #settle(): Promise<readonly string[]> {
    const deadline = Date.now() + 30_000
    const stored = objectsInFiles(this.#data)
    for (;;) {
      for (const client of this.#clients)
        await client.look(
          this.#place,
          client.model.manifests.filter(({ state }) => state !== 'gone'),
        )
      const live = this.#clients.flatMap(({ model }) =>
        model.manifests.filter(({ state, seen }) => state !== 'gone' && seen),
      )
      this.report.live = live.length
      const needed = live.flatMap(({ manifest }) => manifest.blobs.map(({ digest }) => digest))
      const wrong = await differences(stored, new Set(needed))
      if (wrong.length === 0 || Date.now() > deadline) return wrong.slice(0, 10)
      await Bun.sleep(200)
    }
  }
}

function collecting(grace: number): Environment {
  return { BERTH_GC_GRACE: `${grace}ms`, BERTH_GC_INTERVAL: '1ms', BERTH_GC_KEEP_OBJECTS: '0s' }
}
