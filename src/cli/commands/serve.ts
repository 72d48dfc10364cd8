import { type App, startApp } from '../../app.ts'
import { loadSettings } from '../../config/load.ts'
import { environmentName, flagName, settings as known, settingNames } from '../../config/settings.ts'
import { BufferedSink } from '../../logging/buffered-sink.ts'
import { createLogger } from '../../logging/logger.ts'
import { version } from '../../version.ts'
import type { Command } from '../command.ts'
import { columns } from '../output/columns.ts'
import { workerCommand } from '../worker-command.ts'
import { parseServeArguments } from './serve-arguments.ts'

export const serve: Command = {
  name: 'serve',
  summary: 'start the registry',
  help,
  async run(args) {
    const sources = await parseServeArguments(args)
    const settings = loadSettings(sources)
    const sink = new BufferedSink(process.stdout.fd)
    const logger = createLogger({
      level: settings['log.level'],
      format: settings['log.format'],
      sink,
      now: () => Date.now(),
    })
    const { workers } = settings
    const signalled = signalToStop(sink)
    const app = await startApp({
      settings,
      logger,
      workers: { command: workerCommand(), sources, lines: sink },
    })
    if (settings['log.format'] === 'text') process.stdout.write(greeting(app, workers))
    else
      logger.info('serving', {
        version,
        urls: app.urls.join(' '),
        ...app.places,
        access: app.closed ? 'closed' : 'open',
        ...(app.setupCode === undefined ? {} : { setup_code: app.setupCode }),
        workers,
      })
    const signal = await signalled
    logger.info('stopping', { signal, patience_ms: settings['shutdown.drain'] })
    const { cutOff } = await app.stop(settings['shutdown.drain'])
    if (cutOff) logger.warn('transfers were cut off: they did not end in time (setting shutdown.drain)')
    logger.info('stopped')
    await sink.end()
    return 0
  },
}

function greeting(app: App, workers: number): string {
  const host = new URL(app.urls[0] ?? 'http://localhost:5000').host.replace(
    /^(?:127\.0\.0\.1|\[::1?\]|0\.0\.0\.0)/,
    'localhost',
  )
  const urls = app.urls.map((url) => url.replace(/\/$/, '')).join(' and ')
  return `Berth ${version} serves on ${urls}${workers === 1 ? '' : `, in ${workers} processes`}
${placesText(app)}
Access:    ${accessOf(app)}
Try:       docker tag IMAGE ${host}/IMAGE && docker push ${host}/IMAGE
${accountsText(app)}`
}

function accessOf({ closed }: App): string {
  return closed
    ? 'closed: only who signs in may push, and what is private is not shown to others'
    : 'open: whoever reaches it may push, pull and delete'
}

/** As long as there are none, how the first is made: over the network nobody can who did not read this. */
function accountsText({ closed, setupCode }: App): string {
  if (setupCode === undefined) return ''
  return `Accounts:  none${closed ? '' : ', and the first one closes it'}: berth user add NAME --admin; with --server it takes the set-up code ${setupCode}\n`
}

function placesText({ places: { metadata, blobs } }: App): string {
  return metadata === blobs ? `Data:      ${blobs}` : `Metadata:  ${metadata}\nBlobs:     ${blobs}`
}

/**
 * Resolves to the first signal to stop; one that comes before everything is started is obeyed then. Who asks twice does
 * not want to wait: what was acknowledged is durable, so nothing is lost.
 */
function signalToStop(sink: BufferedSink): Promise<string> {
  let asked = false
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) void sink.end().then(() => process.exit(1))
        asked = true
        resolve(signal)
      })
    }
  })
}

function help(): string {
  const rows = settingNames.map((name): [string, string] => {
    const { kind, help: text, default: standard } = known[name]
    return [`--${flagName(name)}`, `${text}: ${kind.allowed}${standard === '' ? '' : ` [${standard}]`}`]
  })
  return `Starts the registry and serves until it is told to stop (SIGTERM or Ctrl-C; twice: at once).

Usage: berth serve [FLAGS]

Flags, each with its default in brackets:
${columns([...rows, ['--config', 'a YAML file with settings: a path']])}

Every setting can also stand in the environment (${environmentName('gc.grace')}) or in the file (gc.grace).
Flags win over the environment, that over the file, that over the defaults.

Examples:
  berth serve
  berth serve --listen :5000 --data /var/lib/berth
  berth serve --listen localhost:1234 --log-format json
`
}
