import { chmod, mkdir, open, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** What `berth login` keeps: for each server the name and the password, or the secret of an access token. */
export interface StoredLogin {
  readonly name: string
  readonly password: string
}

type Logins = Readonly<Record<string, StoredLogin>>

/** `$XDG_CONFIG_HOME/berth/logins.json`, or `~/.config/berth/logins.json`. */
export function loginsFile(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(environment.XDG_CONFIG_HOME || join(homedir(), '.config'), 'berth', 'logins.json')
}

/** @param server such as `https://registry.example.com` */
export async function findLogin(server: string, file = loginsFile()): Promise<StoredLogin | undefined> {
  const logins = await readLogins(file)
  const key = keyOf(server)
  return Object.hasOwn(logins, key) ? logins[key] : undefined
}

export async function keepLogin(server: string, login: StoredLogin, file = loginsFile()): Promise<void> {
  await writeLogins(file, { ...(await readLogins(file)), [keyOf(server)]: login })
}

/** @returns whether there was one */
export async function forgetLogin(server: string, file = loginsFile()): Promise<boolean> {
  const { [keyOf(server)]: found, ...others } = await readLogins(file)
  if (found) await writeLogins(file, others)
  return found !== undefined
}

/** The header that a login is sent as. */
export function basicAuthorization({ name, password }: StoredLogin): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** One server is one, however its URL is written; by HTTP it is another than by HTTPS. */
function keyOf(server: string): string {
  return new URL(server).origin
}

async function readLogins(file: string): Promise<Logins> {
  try {
    return JSON.parse(await Bun.file(file).text()) as Logins
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** Whole or not at all, and for its owner alone from its first byte on. */
async function writeLogins(file: string, logins: Logins): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = `${file}.${process.pid}`
  const handle = await open(unfinished, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(logins, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await chmod(unfinished, 0o600)
  await rename(unfinished, file)
}
