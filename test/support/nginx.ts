import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, temporaryDirectory } from './berth.ts'
import { afterThisProcess } from './janitor.ts'

/** nginx as a load balancer, as docs/replicas.md has it. */
export interface Nginx {
  readonly url: string
  readonly port: number
  /** How many requests each server answered so far, by its port. */
  answered(): Promise<ReadonlyMap<number, number>>
  stop(): Promise<void>
}

/** Spreads requests over the ports in turn, whichever connection they come on. */
export async function startNginx(ports: readonly number[]): Promise<Nginx> {
  const directory = await temporaryDirectory()
  const port = await freePort()
  const configuration = join(directory, 'nginx.conf')
  await writeFile(configuration, configurationOf({ directory, port, ports }))
  const child = Bun.spawn(['nginx', '-p', directory, '-c', configuration, '-g', 'daemon off;'], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  afterThisProcess(`kill ${child.pid} 2>/dev/null`)
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + 10_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${await new Response(child.stderr).text()}`)
    if (
      await fetch(`${url}/v2/`).then(
        () => true,
        () => false,
      )
    )
      break
    if (Date.now() > deadline) throw new Error('nginx does not answer')
    await Bun.sleep(20)
  }
  return {
    url,
    port,
    async answered() {
      const counts = new Map<number, number>()
      for (const line of (await readFile(join(directory, 'access.log'), 'utf8')).split('\n')) {
        const server = /^127\.0\.0\.1:(\d+)$/.exec(line.trim())?.[1]
        if (server) counts.set(Number(server), (counts.get(Number(server)) ?? 0) + 1)
      }
      return counts
    },
    async stop() {
      child.kill('SIGTERM')
      await child.exited
    },
  }
}

function configurationOf({
  directory,
  port,
  ports,
}: {
  directory: string
  port: number
  ports: readonly number[]
}): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${directory}/${kind};`,
  )
  return `
pid ${directory}/nginx.pid;
error_log ${directory}/error.log warn;
# One, so that there is one turn.
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  log_format server '$upstream_addr';
  access_log ${directory}/access.log server;
${temporary.join('\n')}
  upstream berth {
${ports.map((each) => `    server 127.0.0.1:${each};`).join('\n')}
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location / {
      proxy_pass http://berth;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_read_timeout 900s;
      proxy_send_timeout 900s;
    }
  }
}
`
}
