import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { converse } from '../../../src/access/directories/ldap/conversation.ts'
import { openDirectories } from '../../../src/access/directories/open-directories.ts'
import { directories } from '../../../src/config/directories.ts'
import type { RegistryError } from '../../../src/oci/errors.ts'
import { type Authority, makeAuthority } from '../../support/certificates.ts'
import { person, requireSlapd, startDirectory, type TestDirectory } from '../../support/ldap.ts'

const ready = requireSlapd()

describe.skipIf(!ready)('a directory that is reached by TLS', () => {
  let authority: Authority
  let stranger: Authority
  let directory: TestDirectory
  let elsewhere: TestDirectory

  beforeAll(async () => {
    authority = await makeAuthority()
    stranger = await makeAuthority()
    directory = await startDirectory({ tls: await authority.issue() })
    elsewhere = await startDirectory({ tls: await authority.issue({ hosts: 'DNS:ldap.example.com' }) })
    for (const one of [directory, elsewhere]) await one.add(person(one, 'carol', 'carol-in-corp'))
  }, 60_000)
  afterAll(() => Promise.all([directory.kill(), elsewhere.kill()]))

  /** What comes of a search and of two passwords; or why nothing does. */
  async function outcome(of: TestDirectory, changes: object): Promise<unknown> {
    const places = directories.parse(JSON.stringify([{ ...of.settings, ...changes }])) ?? []
    const log = { info: () => undefined, warn: () => undefined }
    const [opened] = await openDirectories({ places, now: () => Date.now(), log })
    if (!opened) throw new Error('the settings are none')
    try {
      const [carol] = await opened.find({ login: 'carol' })
      return [carol?.login, await opened.verify(carol, 'carol-in-corp'), await opened.verify(carol, 'wrong')]
    } catch (error) {
      return (error as { cause?: Error }).cause?.message
    }
  }

  const good = ['carol', true, false]

  test('is trusted with a certificate of the authority that is set, for its name or address', async () => {
    const ca = authority.root
    const named = (url: string) => url.replace('127.0.0.1', 'localhost')
    expect(await outcome(directory, { url: directory.secureUrl, ca })).toEqual(good)
    expect(await outcome(directory, { url: named(directory.secureUrl), ca })).toEqual(good)
    expect(await outcome(directory, { 'start-tls': true, ca })).toEqual(good)
    expect(await outcome(directory, { url: named(directory.url), 'start-tls': true, ca })).toEqual(good)
  })

  test.each([
    ['whose authority nobody knows', () => directory, undefined, 'issuer'],
    ['of another authority', () => directory, () => stranger.root, 'issuer'],
    ['for another host', () => elsewhere, () => authority.root, 'altnames'],
  ])('is not trusted with a certificate %s', async (_, of, root, why) => {
    const ca = root ? { ca: root() } : {}
    expect(await outcome(of(), { url: of().secureUrl, ...ca })).toContain(why)
    expect(await outcome(of(), { 'start-tls': true, ...ca })).toContain(why)
    const url = of().url.replace('127.0.0.1', 'localhost')
    expect(await outcome(of(), { url, 'start-tls': true, ...ca })).toContain(why)
  })

  test('is not spoken to in clear where it refuses StartTLS', async () => {
    const plain = await startDirectory()
    await plain.add(person(plain, 'carol', 'carol-in-corp'))
    expect(await outcome(plain, { 'start-tls': true, ca: authority.root })).toEqual(expect.any(String))
    await plain.kill()
  })

  describe('with somebody on the way', () => {
    /** Passes on, and does something with the first answer. */
    async function between(
      act: (answer: Buffer, client: Socket) => Buffer,
    ): Promise<{ url: string; server: Server; seen: Buffer[] }> {
      const seen: Buffer[] = []
      const server = createServer((client) => {
        const upstream = connect(Number(new URL(directory.url).port), '127.0.0.1')
        let first = true
        client.on('data', (bytes: Buffer) => {
          seen.push(bytes)
          upstream.write(bytes)
        })
        upstream.on('data', (bytes: Buffer) => {
          const passed = first ? act(bytes, client) : bytes
          first = false
          client.write(passed)
        })
        for (const [one, other] of [
          [client, upstream],
          [upstream, client],
        ] as const) {
          one.on('close', () => other.destroy())
          one.on('error', () => other.destroy())
        }
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return { url: `ldap://127.0.0.1:${(server.address() as { port: number }).port}`, server, seen }
    }

    test('who adds an answer of his own before TLS begins is found out', async () => {
      // The beginning of "the bind is right", whose end would be what comes encrypted.
      const injected = Buffer.from([
        0x30, 0x30, 0x02, 0x01, 0x03, 0x61, 0x2b, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x24,
      ])
      const { url, server } = await between((answer) => Buffer.concat([answer, injected]))
      expect(await outcome(directory, { url, 'start-tls': true, ca: authority.root })).toContain(
        'more than it was asked before TLS',
      )
      server.close()
    })

    test('who cuts the connection gets no password in clear on the next', async () => {
      let cut = false
      const { url, server, seen } = await between((answer, client) => {
        // Once TLS is spoken, and before anything is said.
        if (!cut) setTimeout(() => client.destroy(), 100)
        cut = true
        return answer
      })
      const [place] =
        directories.parse(
          JSON.stringify([{ ...directory.settings, url, 'start-tls': true, ca: authority.root }]),
        ) ?? []
      if (!place) throw new Error('the settings are none')
      const said = converse(place, async (client) => {
        await Bun.sleep(300)
        await client.bind(`uid=carol,ou=people,${directory.base}`, 'carol-in-corp')
      })
      expect(await said.catch((error: RegistryError) => error.cause)).toEqual(
        new Error('the connection was lost'),
      )
      expect(cut).toBe(true)
      // What was under way goes on for itself.
      await Bun.sleep(400)
      expect(Buffer.concat(seen).includes('carol-in-corp')).toBe(false)
      server.close()
    })
  })
})
