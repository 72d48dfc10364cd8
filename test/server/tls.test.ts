import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { freePort, type RunningBerth, startBerth, temporaryDirectory } from '../support/berth.ts'
import { type Authority, type Issued, makeAuthority } from '../support/certificates.ts'
import { attempt } from '../support/command.ts'
import { requireTools } from '../support/require.ts'

const bin = process.env.BERTH_BIN ?? `${import.meta.dir}/../../bin/berth`
const ready = requireTools(['openssl', 'curl'])

/** Larger than what the sockets on both ends hold, so that a slow download is still being sent. */
const size = 48 * 2 ** 20

describe.skipIf(!ready)('a registry that serves HTTPS', () => {
  let authority: Authority
  let files: Issued
  let berth: RunningBerth
  const blob = randomBytes(size)
  const digest = digestOf(blob)
  const unchecked = { tls: { rejectUnauthorized: false } }
  const curl = (...args: string[]) => attempt('curl', ['-sS', '--max-time', '30', ...args])

  beforeAll(async () => {
    authority = await makeAuthority()
    const directory = await temporaryDirectory()
    files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') }
    await place(await authority.issue({ name: 'first', days: 90 }))
    berth = await startBerth({ tls: files })
    const url = `${berth.url}/v2/tls/blobs/uploads/?digest=${digest}`
    const pushed = await fetch(url, { method: 'POST', body: blob, ...unchecked })
    expect(pushed.status).toBe(201)
  })

  afterAll(async () => {
    await berth?.stop()
  })

  async function place(pair: Issued): Promise<void> {
    await copyFile(pair.certificate, files.certificate)
    await copyFile(pair.key, files.key)
  }

  /** What openssl says of a connection, and whether it came to be. */
  async function connection(...args: string[]) {
    const target = ['-connect', `127.0.0.1:${berth.port}`, '-CAfile', authority.root]
    const { stdout, stderr, exitCode } = await attempt('openssl', ['s_client', ...target, ...args])
    return { text: stdout + stderr, made: exitCode === 0 }
  }

  async function servedName(): Promise<string | undefined> {
    return /subject=CN = (\S+)/.exec((await connection()).text)?.[1]
  }

  async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    for (let tries = 0; tries < 300; tries += 1) {
      if (await holds()) return
      await Bun.sleep(50)
    }
    throw new Error(`${what} did not come to be:\n${berth.output()}`)
  }

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${berth.url}/metrics`, unchecked)).text()
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  }

  test('is trusted by who trusts the root, with the whole chain, under each of its names', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const answer = await curl('--cacert', authority.root, `https://${host}:${berth.port}/v2/`)
      expect(answer).toEqual({ exitCode: 0, stdout: '{}', stderr: '' })
    }
    expect((await connection()).text).toContain('Verify return code: 0 (ok)')
    expect((await curl(`https://localhost:${berth.port}/v2/`)).exitCode).toBe(60)
  })

  test('says in its first lines that it serves HTTPS', () => {
    expect(berth.output()).toContain(`serves on https://127.0.0.1:${berth.port}`)
  })

  test.each([
    ['1.0', '-tls1', false],
    ['1.1', '-tls1_1', false],
    ['1.2', '-tls1_2', true],
    ['1.3', '-tls1_3', true],
  ])('speaks TLS %s or not, as it should', async (_, flag, spoken) => {
    const { made, text } = await connection(flag, '-cipher', 'ALL:@SECLEVEL=0')
    expect({ made, refused: text.includes('alert protocol version') }).toEqual({
      made: spoken,
      refused: !spoken,
    })
  })

  test('ends a plain HTTP request at once', async () => {
    const started = performance.now()
    const answer = await curl(`http://127.0.0.1:${berth.port}/v2/`)
    expect(answer.exitCode).toBe(52)
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('answers berth healthcheck, and commands that trust its root', async () => {
    const env = { BERTH_TLS_CERTIFICATE: files.certificate, BERTH_TLS_KEY: files.key }
    const health = await attempt(bin, ['healthcheck', '--listen', `:${berth.port}`], { env })
    expect(health.exitCode).toBe(0)
    const command = ['repo', 'list', '--server', `https://localhost:${berth.port}`]
    const refused = await attempt(bin, command)
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('NODE_EXTRA_CA_CERTS')
    const trusted = await attempt(bin, command, { env: { NODE_EXTRA_CA_CERTS: authority.root } })
    expect({ exitCode: trusted.exitCode, stderr: trusted.stderr }).toEqual({ exitCode: 0, stderr: '' })
  })

  test('takes a new certificate in the middle of a download, which ends as it would have', async () => {
    expect(await servedName()).toBe('first')
    const got = join(await temporaryDirectory(), 'blob')
    const url = `https://localhost:${berth.port}/v2/tls/blobs/${digest}`
    const download = curl('--cacert', authority.root, '--limit-rate', '16M', '--output', got, url)
    await until('the download', async () => (await Bun.file(got).exists()) && Bun.file(got).size > 2 ** 20)
    await place(await authority.issue({ name: 'second' }))
    berth.process.kill('SIGHUP')
    await until('the second certificate', async () => (await servedName()) === 'second')
    expect(Bun.file(got).size).toBeLessThan(size)
    for (let connections = 0; connections < 5; connections += 1) expect(await servedName()).toBe('second')
    expect(await download).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(digestOf(await Bun.file(got).bytes())).toBe(digest)
    expect(berth.output()).toContain('new connections get a new TLS certificate')
  }, 60_000)

  test('lets a download end that began on the certificate before, when it is told to stop', async () => {
    const own = await startBerth({ tls: files, args: ['--shutdown-drain', '30s'] })
    const push = `${own.url}/v2/tls/blobs/uploads/?digest=${digest}`
    expect((await fetch(push, { method: 'POST', body: blob, ...unchecked })).status).toBe(201)
    const got = join(await temporaryDirectory(), 'blob')
    const url = `${own.url}/v2/tls/blobs/${digest}`
    const download = curl('--insecure', '--limit-rate', '16M', '--output', got, url)
    await until('the download', async () => (await Bun.file(got).exists()) && Bun.file(got).size > 2 ** 20)
    await place(await authority.issue({ name: 'between' }))
    own.process.kill('SIGHUP')
    await until('the new certificate', () => own.output().includes('new connections get a new TLS'))
    const stopped = own.stop()
    expect(await download).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(digestOf(await Bun.file(got).bytes())).toBe(digest)
    expect(await stopped).toBe(0)
    expect(own.output()).not.toContain('cut off')
  }, 60_000)

  test('lets an upload end that a new certificate meets in its middle', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const body = new ReadableStream({
      async start(stream) {
        stream.enqueue(blob.subarray(0, 1000))
        await gate
        stream.enqueue(blob.subarray(1000, 2000))
        stream.close()
      },
    })
    const url = `${berth.url}/v2/tls/blobs/uploads/?digest=${digestOf(blob.subarray(0, 2000))}`
    const upload = fetch(url, { method: 'POST', body, ...unchecked })
    await Bun.sleep(200)
    await place(await authority.issue({ name: 'third' }))
    berth.process.kill('SIGHUP')
    await until('the third certificate', async () => (await servedName()) === 'third')
    release()
    expect((await upload).status).toBe(201)
  })

  test('keeps the certificate that it has where the new key belongs to another, and says so', async () => {
    const before = await servedName()
    const good = await authority.issue({ name: 'fourth' })
    await copyFile(good.certificate, files.certificate)
    berth.process.kill('SIGHUP')
    await until('the refusal', () => berth.output().includes('the one before stays'))
    expect(berth.output()).toContain('does not belong to the certificate')
    expect(await servedName()).toBe(before)
    expect(await metric('berth_tls_reload_failures_total')).toBe(1)
    await copyFile(good.key, files.key)
    // No signal: the files alone.
    await until('the fourth certificate', async () => (await servedName()) === 'fourth')
  })

  test('tells in the metrics when its certificate expires, and warns before', async () => {
    await place(await authority.issue({ name: 'short', days: 3 }))
    berth.process.kill('SIGHUP')
    await until('the short certificate', async () => (await servedName()) === 'short')
    const expected = Date.now() / 1000 + 3 * 86_400
    expect(
      Math.abs((await metric('berth_tls_certificate_expiry_timestamp_seconds')) - expected),
    ).toBeLessThan(60)
    expect(await metric('berth_tls_reloads_total')).toBeGreaterThanOrEqual(1)
    await until('the warning', () => berth.output().includes('expires soon'))
  })

  test('speaks nothing below TLS 1.3 where it is told so', async () => {
    const strict = await startBerth({ tls: files, args: ['--tls-min-version', '1.3'] })
    const target = ['s_client', '-connect', `127.0.0.1:${strict.port}`]
    const made = async (flag: string) => (await attempt('openssl', [...target, flag])).exitCode === 0
    expect({ old: await made('-tls1_2'), new: await made('-tls1_3') }).toEqual({ old: false, new: true })
    await strict.stop()
  })

  test('does not share its port with another registry', async () => {
    const data = await temporaryDirectory()
    const flags = ['--tls-certificate', files.certificate, '--tls-key', files.key]
    const listen = ['--listen', `127.0.0.1:${berth.port}`]
    const second = await attempt(bin, ['serve', '--data', data, ...listen, ...flags])
    expect(second.exitCode).toBe(1)
    expect(second.stderr).toContain('something else listens there')
  })

  test.each([
    ['a key of another certificate', 'tls.key: ', 1],
    ['a certificate that is not there', 'tls.certificate: /nowhere.pem', 1],
    ['a certificate alone', 'tls.certificate is set without tls.key (BERTH_TLS_KEY)', 2],
  ])('does not start with %s, and names the setting', async (what, message, exitCode) => {
    const other = await authority.issue()
    const flags: Record<string, string[]> = {
      'a key of another certificate': ['--tls-certificate', files.certificate, '--tls-key', other.key],
      'a certificate that is not there': ['--tls-certificate', '/nowhere.pem', '--tls-key', files.key],
      'a certificate alone': ['--tls-certificate', files.certificate],
    }
    const data = await temporaryDirectory()
    const listen = ['--listen', `127.0.0.1:${await freePort()}`]
    const started = await attempt(bin, ['serve', '--data', data, ...listen, ...(flags[what] ?? [])])
    expect(started.exitCode).toBe(exitCode)
    expect(started.stderr).toContain(message)
  })
})
