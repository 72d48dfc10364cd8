import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { makeUser } from '../support/accounts.ts'
import { startBerth, temporaryDirectory } from '../support/berth.ts'
import { openStoresOf } from '../support/closed-registry.ts'
import { attempt } from '../support/command.ts'
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

/** Runs the program against a Berth of its own. @throws NoResults */
export async function runProgram(program: string, form: Form): Promise<Results> {
  const data = await temporaryDirectory()
  const credentials = form.signedIn ? await signUp(data) : {}
  const berth = await startBerth({ env: form.berth, data })
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
        ...credentials,
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

/** Makes the user in whose namespace the program's repositories are. @returns what the program signs in with */
async function signUp(data: string): Promise<Record<string, string>> {
  const stores = await openStoresOf(data)
  const { name, password } = await makeUser(stores.metadata, { name: 'conformance' })
  await stores[Symbol.asyncDispose]()
  return { OCI_USERNAME: name, OCI_PASSWORD: password }
}

/** The program takes any OCI_ variable as a setting, and an empty one as none. */
function withoutOthersSettings(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) => name.startsWith('OCI_'))
  return Object.fromEntries(names.map((name) => [name, '']))
}
