import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import type { RunningBerth } from './berth.ts'

/** The processes that a server started, by their ids. */
export async function workersOf(berth: Pick<RunningBerth, 'process'>): Promise<number[]> {
  const { pid } = berth.process
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(/\s+/).filter(Boolean).map(Number)
}

/** One connection, and so one worker, for request after request. */
export class Connection {
  readonly #socket: Socket
  #received = ''
  #wake = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => {
      this.#received += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => this.#wake())
    socket.on('close', () => this.#wake())
  }

  static open(berth: RunningBerth): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(berth.port, '127.0.0.1', () => resolve(new Connection(socket)))
      socket.once('error', reject)
    })
  }

  send(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** The answer's status and body. Answers of ours say how long they are. */
  async answer(): Promise<{ status: number; body: string }> {
    const end = () => this.#received.indexOf('\r\n\r\n')
    await this.#until(() => end() >= 0)
    const head = this.#received.slice(0, end())
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
    const start = end() + 4
    await this.#until(() => this.#received.length >= start + length)
    const body = this.#received.slice(start, start + length)
    this.#received = this.#received.slice(start + length)
    return { status: Number(head.split(' ')[1]), body }
  }

  close(): void {
    this.#socket.destroy()
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#socket.destroyed) throw new Error('the connection was closed before the answer')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** Two connections that different workers have; the server must write its log for machines. */
export async function connectionsToTwo(berth: RunningBerth): Promise<[Connection, Connection]> {
  const first = await Connection.open(berth)
  const worker = await workerBehind(berth, first)
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const second = await Connection.open(berth)
    if ((await workerBehind(berth, second)) !== worker) return [first, second]
    second.close()
  }
  throw new Error('fifty connections all went to one worker')
}

/** What the ids of a worker's requests begin with. */
async function workerBehind(berth: RunningBerth, connection: Connection): Promise<string> {
  const agent = crypto.randomUUID()
  connection.send(`GET /v2/ HTTP/1.1\r\nHost: x\r\nUser-Agent: ${agent}\r\n\r\n`)
  await connection.answer()
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const line = berth
      .output()
      .split('\n')
      .find((text) => text.includes(agent))
    if (line) return JSON.parse(line).request.split('-')[0]
    await Bun.sleep(20)
  }
  throw new Error('the request is not in the log')
}
