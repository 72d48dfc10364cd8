import { beforeEach, describe, expect, test } from 'bun:test'
import { copyFile, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../../../test/support/berth.ts'
import { type Issued, makeAuthority } from '../../../test/support/certificates.ts'
import { requireTools } from '../../../test/support/require.ts'
import { type KeyPair, type KeyPairFiles, keyPairOf, readKeyPairFiles } from './key-pair.ts'
import { KeyPairWatch } from './key-pair-watch.ts'

describe.skipIf(!requireTools(['openssl']))('the watch over a certificate and its key', async () => {
  const authority = await makeAuthority()
  const [first, second] = [
    await authority.issue({ name: 'first' }),
    await authority.issue({ name: 'second' }),
  ]
  let files: KeyPairFiles
  let watch: KeyPairWatch
  let taken: KeyPair[]
  let refused: string[]
  let failing: Error | undefined

  const place = async ({ certificate, key }: Issued, directory: string) => {
    await copyFile(certificate, join(directory, 'tls.crt'))
    await copyFile(key, join(directory, 'tls.key'))
  }
  const certificateOf = (pair: Issued) => Bun.file(pair.certificate).text()

  async function watchOver(directory: string): Promise<void> {
    files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') }
    watch = new KeyPairWatch({
      files,
      current: keyPairOf(await readKeyPairFiles(files), files),
      taken(pair) {
        if (failing) throw failing
        taken.push(pair)
      },
      refused: (reason) => refused.push(reason),
    })
  }

  beforeEach(async () => {
    taken = []
    refused = []
    failing = undefined
    const directory = await temporaryDirectory()
    await place(first, directory)
    await watchOver(directory)
  })

  test('takes a new pair once, and the one that is served never', async () => {
    await watch.look()
    expect(taken).toEqual([])
    await place(second, join(files.key, '..'))
    await watch.look()
    await watch.look()
    expect(taken.map(({ certificate }) => certificate)).toEqual([await certificateOf(second)])
    expect(refused).toEqual([])
  })

  test('tells once of a pair that is half replaced, and takes it when it is whole', async () => {
    await copyFile(second.certificate, files.certificate)
    await watch.look()
    await watch.look()
    expect(taken).toEqual([])
    expect(refused).toEqual([expect.stringContaining('does not belong')])
    await copyFile(second.key, files.key)
    await watch.look()
    expect(taken).toHaveLength(1)
  })

  test('takes nothing where a file went and came back as it was', async () => {
    await rm(files.key)
    await watch.look()
    await watch.look()
    expect(refused).toEqual([expect.stringContaining('ENOENT')])
    await copyFile(first.key, files.key)
    await watch.look()
    expect(taken).toEqual([])
    await rm(files.key)
    await watch.look()
    expect(refused).toHaveLength(2)
  })

  test('tries again what the listener refused', async () => {
    failing = new Error('too many open files')
    await place(second, join(files.key, '..'))
    await watch.look()
    await watch.look()
    expect(refused).toEqual(['too many open files'])
    failing = undefined
    await watch.look()
    expect(taken).toHaveLength(1)
  })

  test('sees a symbolic link that turns, as Kubernetes has it', async () => {
    const mount = await temporaryDirectory()
    for (const [name, pair] of [
      ['..1', first],
      ['..2', second],
    ] as const) {
      await mkdir(join(mount, name))
      await place(pair, join(mount, name))
    }
    await symlink('..1', join(mount, '..data'))
    for (const file of ['tls.crt', 'tls.key']) await symlink(`..data/${file}`, join(mount, file))
    await watchOver(mount)
    await symlink('..2', join(mount, '..data_tmp'))
    await rename(join(mount, '..data_tmp'), join(mount, '..data'))
    await watch.look()
    expect(taken).toHaveLength(1)
    expect(refused).toEqual([])
  })

  test('looks again where it is asked to while it looks', async () => {
    const looking = watch.look()
    await place(second, join(files.key, '..'))
    await watch.look()
    await looking
    expect(taken.at(-1)?.certificate).toBe(await certificateOf(second))
  })
})
