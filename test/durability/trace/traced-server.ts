import { join } from 'node:path'
import { temporaryDirectory } from '../../support/berth.ts'
import { attempt } from '../../support/command.ts'
import { requireHere, requireTools } from '../../support/require.ts'
import { type Environment, type Server, startServer } from '../server.ts'
import { type Call, parseTrace } from './calls.ts'

/** Whether this machine lets one process trace another; where it doesn't, says why, and in CI throws. */
export async function canTrace(): Promise<boolean> {
  if (!requireTools(['strace'])) return false
  const tried = await attempt('strace', ['-f', '-o', '/dev/null', 'true'])
  return requireHere('the tracing of system calls', tried.exitCode === 0 ? [] : [tried.stderr.trim()])
}

/** All that changes files or names, that makes them durable, or that a client sees. */
const traced = [
  'openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir',
  'write,writev,pwrite64,pwritev,pwritev2,ftruncate,fallocate,copy_file_range,sendfile,splice',
  'fsync,fdatasync,sync,syncfs,sync_file_range,sendto,sendmsg,recvfrom,read',
  // Were Bun to use it, its work would not show.
  'io_uring_enter',
].join(',')

export interface TracedServer {
  readonly server: Server
  /** Ends the server, and resolves with what it did. */
  calls(): Promise<Call[]>
}

/**
 * Starts a server whose system calls are written down.
 * @param options.longest of each string among their arguments, so many bytes
 */
export async function startTracedServer(
  data: string,
  { env = {}, longest = 160 }: { env?: Environment; longest?: number } = {},
): Promise<TracedServer> {
  const file = join(await temporaryDirectory(), 'trace')
  // -D: the tracer is a process aside, and the child is the server itself. Only calls of interest stop it.
  const wrap = [
    'strace',
    '-D',
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-y',
    '-s',
    String(longest),
    '-o',
    file,
    '-e',
    `trace=${traced}`,
  ]
  const server = await startServer({ data, env, wrap })
  await server.answering()
  return {
    server,
    async calls() {
      await server.end('SIGTERM')
      return parseTrace(await whole(file))
    },
  }
}

/** The tracer may still be writing when the traced is gone. */
async function whole(file: string): Promise<string> {
  for (let last = -1; ; ) {
    const { size } = Bun.file(file)
    if (size === last) return Bun.file(file).text()
    last = size
    await Bun.sleep(200)
  }
}
