import { type App, startApp } from '../../app.ts'
import { loadSettings } from '../../config/load.ts'
import { environmentName, flagName, settings as known, settingNames } from '../../config/settings.ts'
import { BufferedSink } from '../../logging/buffered-sink.ts'
import { createLogger } from '../../logging/logger.ts'
import { version } from '../../version.ts'
import type { Command } from '../command.ts'
import { columns } from '../output/columns.ts'
import { parseServeArguments } from './serve-arguments.ts'

export const serve: Command = {
  name: 'serve',
  summary: 'start the registry',
  help,
  async run(args) {
    const settings = loadSettings(await parseServeArguments(args))
    const sink = new BufferedSink(process.stdout.fd)
    const logger = createLogger({
      level: settings['log.level'],
      format: settings['log.format'],
      sink,
      now: () => Date.now(),
    })
    const app = await startApp(settings, logger)
    if (settings['log.format'] === 'text') process.stdout.write(greeting(app))
    else
      logger.info('serving', {
        version,
        urls: app.urls.join(' '),
        ...app.places,
        access: app.closed ? 'closed' : 'open',
        ...(app.setupCode === undefined ? {} : { setup_code: app.setupCode }),
      })
    const signal = await signalToStop()
    logger.info('stopping', { signal, patience_ms: settings['shutdown.drain'] })
    forceOnNextSignal(sink)
    const { cutOff } = await app.stop(settings['shutdown.drain'])
    if (cutOff) logger.warn('transfers were cut off: they did not end in time (setting shutdown.drain)')
    logger.info('stopped')
    await sink.end()
    return 0
  },
}

function greeting(app: App): string {
  const host = new URL(app.urls[0] ?? 'http://localhost:5000').host.replace(
    /^(?:127\.0\.0\.1|\[::1?\]|0\.0\.0\.0)/,
    'localhost',
  )
  return `Berth ${version} serves on ${app.urls.map((url) => url.replace(/\/$/, '')).join(' and ')}
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

/** As long as there are none, how the first is made: from elsewhere nobody can who did not read this. */
function accountsText({ closed, setupCode }: App): string {
  if (setupCode === undefined) return ''
  return `Accounts:  none${closed ? '' : ', and the first one closes it'}: berth user add NAME --admin; from elsewhere with the set-up code ${setupCode}\n`
}

function placesText({ places: { metadata, blobs } }: App): string {
  return metadata === blobs ? `Data:      ${blobs}` : `Metadata:  ${metadata}\nBlobs:     ${blobs}`
}

function signalToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}

/** Who asks twice does not want to wait. What was acknowledged is durable, so nothing is lost. */
function forceOnNextSignal(sink: BufferedSink): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      void sink.end().then(() => process.exit(1))
    })
  }
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
