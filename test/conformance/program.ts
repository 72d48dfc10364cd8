import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Stores } from '../../src/stores.ts'
import { makeUser } from '../support/accounts.ts'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { openStoresOf } from '../support/closed-registry.ts'
import { attempt } from '../support/command.ts'
import { startReplicas } from '../support/replicas.ts'
import { everyForm, type Form } from './forms.ts'
import { type Results, readResults } from './results.ts'

const version = 'v0.0.0-20260831232431-97274622c111'

export const howToInstall = `go install github.com/opencontainers/distribution-spec/conformance@${version}`

/** The path of the conformance program, or undefined where it isn't installed. */
export async function findProgram(): Promise<string | undefined> {
  const path = join(await gopath(), 'bin/conformance')
  const file = await stat(path).catch(() => undefined)
  return file?.isFile() ? path : undefined
}

async function gopath(): Promise<string> {
  if (process.env.GOPATH) return process.env.GOPATH
  if (!Bun.which('go')) return join(homedir(), 'go')
  return (await attempt('go', ['env', 'GOPATH'])).stdout.trim()
}

/** BERTH_TEST_REPLICAS=directory or bucket: against two servers behind nginx, which has each request answered by the next. */
const replicas = process.env.BERTH_TEST_REPLICAS

/** The forms that say something about what answers. */
export function formsOf(forms: readonly Form[]): readonly Form[] {
  return replicas === undefined ? forms : forms.filter(({ berth }) => berth.BERTH_WORKERS === undefined)
}

/** What answers, for what is printed. */
export const answering =
  replicas === undefined ? 'one server' : `two servers behind nginx, with blobs in a ${replicas}`

/** Runs the program against a Berth of its own. @throws NoResults */
export async function runProgram(program: string, form: Form): Promise<Results> {
  const berth = await startRegistry(form)
  const directory = await temporaryDirectory()
  try {
    const started = Date.now()
    // The exit code says little: it is 0 when the configuration could not be read. The results file decides.
    const { stderr } = await attempt(program, [], {
      directory,
      env: {
        ...withoutOthersSettings(),
        ...everyForm,
        ...form.program,
        ...berth.credentials,
        OCI_REGISTRY: `127.0.0.1:${berth.port}`,
        OCI_RESULTS_DIR: directory,
      },
      timeout: 300_000,
    })
    return await readResults(directory, { since: started, printed: stderr })
  } finally {
    await berth.stop()
  }
}

interface Answering {
  readonly port: number
  /** What the program signs in with. */
  readonly credentials: Record<string, string>
  stop(): Promise<unknown>
}

async function startRegistry({ berth: env, signedIn }: Form): Promise<Answering> {
  let credentials = {}
  if (replicas === undefined) {
    const data = await temporaryDirectory()
    if (signedIn) {
      await using stores = await openStoresOf(data)
      credentials = await signUp(stores)
    }
    const berth = await startBerth({ env, data })
    return { port: berth.port, credentials, stop: () => berth.stop() }
  }
  if (replicas !== 'directory' && replicas !== 'bucket')
    throw new Error('BERTH_TEST_REPLICAS: directory or bucket')
  const running = await startReplicas({
    blobs: replicas,
    env,
    async prepare(stores) {
      if (signedIn) credentials = await signUp(stores)
    },
  })
  return {
    port: running.port,
    credentials,
    async stop() {
      const counts = [...(await running.nginx.answered()).values()]
      await running.stop()
      // A balancer that sends everything to one server shows nothing of two.
      if (counts.length < 2 || Math.min(...counts) < Math.max(...counts) * 0.8)
        throw new Error(`the servers did not answer in turn: ${counts.join(' and ')} requests`)
      console.log(`  answered in turn: ${counts.join(' and ')} requests`)
    },
  }
}

/** Makes the user in whose namespace the program's repositories are. @returns what the program signs in with */
async function signUp(stores: Stores): Promise<Record<string, string>> {
  const { name, password } = await makeUser(stores.metadata, { name: 'conformance' })
  return { OCI_USERNAME: name, OCI_PASSWORD: password }
}

/** The program takes any OCI_ variable as a setting, and an empty one as none. */
function withoutOthersSettings(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) => name.startsWith('OCI_'))
  return Object.fromEntries(names.map((name) => [name, '']))
}
