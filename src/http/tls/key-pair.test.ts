import { describe, expect, test } from 'bun:test'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { makeAuthority } from '../../../test/support/certificates.ts'
import { run } from '../../../test/support/command.ts'
import { requireTools } from '../../../test/support/require.ts'
import { type KeyPairFiles, keyPairOf, readKeyPairFiles } from './key-pair.ts'

describe.skipIf(!requireTools(['openssl']))('a certificate and its key', async () => {
  const authority = await makeAuthority()
  const good = await authority.issue({ days: 10 })
  const other = await authority.issue()
  const directory = await temporaryDirectory()
  const read = async (files: KeyPairFiles) => keyPairOf(await readKeyPairFiles(files), files)
  const text = (path: string) => Bun.file(path).text()
  const written = async (name: string, content: string) => {
    const path = join(directory, name)
    await Bun.write(path, content)
    return path
  }

  test('are read, with whom they name and when the first of the chain expires', async () => {
    const pair = await read(good)
    expect(pair.subject).toContain('localhost')
    expect(Math.abs(pair.expires - Date.now() - 10 * 86_400_000)).toBeLessThan(60_000)
    expect(pair.begins).toBeLessThanOrEqual(Date.now())
  })

  test('are refused where the key belongs to another certificate', async () => {
    await expect(read({ ...good, key: other.key })).rejects.toThrow(/^tls\.key: .* does not belong/)
  })

  test('are refused where the authority comes before the server', async () => {
    const [leaf = '', between = ''] = (await text(good.certificate)).split(/(?<=END CERTIFICATE-----\n)/)
    const certificate = await written('turned.pem', between + leaf)
    await expect(read({ ...good, certificate })).rejects.toThrow(/^tls\.certificate: .* must begin with/)
  })

  test('are refused at whichever byte they are cut off', async () => {
    const [certificate, key] = await Promise.all([text(good.certificate), text(good.key)])
    for (let length = 0; length < certificate.trimEnd().length; length += 1) {
      const cut = { certificate: certificate.slice(0, length), key }
      // A chain that ends after a whole certificate is one that lacks its authority.
      if (/END CERTIFICATE-----\n?$/.test(cut.certificate)) continue
      expect(() => keyPairOf(cut, good)).toThrow(/^tls\.certificate: /)
    }
    for (let length = 0; length < key.trimEnd().length; length += 1)
      expect(() => keyPairOf({ certificate, key: key.slice(0, length) }, good)).toThrow(/^tls\.key: /)
  })

  test.each([
    ['a file that is not there', '/nowhere.pem', 'ENOENT'],
    ['a directory', '/tmp', 'EISDIR'],
  ])('are refused where they are %s, by the setting and the reason', async (_, path, reason) => {
    await expect(read({ ...good, certificate: path })).rejects.toThrow(
      `tls.certificate: ${path} can't be read (${reason})`,
    )
    await expect(read({ ...good, key: path })).rejects.toThrow(`tls.key: ${path} can't be read (${reason})`)
  })

  test('are refused where each stands in the other’s place', async () => {
    await expect(read({ certificate: good.key, key: good.certificate })).rejects.toThrow(
      'holds no PEM certificate',
    )
  })

  test('are refused where the key has a passphrase', async () => {
    const key = join(directory, 'encrypted.key')
    await run('openssl', ['pkey', '-in', good.key, '-aes256', '-passout', 'pass:secret', '-out', key])
    await chmod(key, 0o600)
    await expect(read({ ...good, key })).rejects.toThrow(/^tls\.key: .* has a passphrase/)
  })

  test('may be RSA, and the key in its older form', async () => {
    const [certificate, key] = [join(directory, 'rsa.crt'), join(directory, 'rsa.key')]
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate]
    await run('openssl', [...request, '-subj', '/CN=rsa.example.com'])
    await run('openssl', ['rsa', '-in', key, '-traditional', '-out', `${key}.1`])
    expect((await read({ certificate, key: `${key}.1` })).subject).toContain('rsa.example.com')
  })
})
