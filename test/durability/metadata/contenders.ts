import { join } from 'node:path'
import type { ChangeArguments, ChangeName, ChangeResult } from '../../../src/metadata/changes/changes.ts'
import type { ChangesMetadata, MetadataStore } from '../../../src/metadata/metadata-store.ts'
import { openPostgresMetadataStore } from '../../../src/metadata/postgres/postgres-metadata-store.ts'
import { openSqliteMetadataStore } from '../../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { type ErrorCode, RegistryError } from '../../../src/oci/errors.ts'
import { temporaryDirectory } from '../../support/berth.ts'
import { dropDatabase, makeDatabase, optionsFor } from '../../support/postgres.ts'
import type { Asked, Told } from './other-process.ts'

/** Two that change one database at the same time. */
export interface Contenders extends AsyncDisposable {
  readonly left: MetadataStore
  readonly right: ChangesMetadata
}

/** This process and another one. */
export async function sqliteContenders(): Promise<Contenders> {
  const path = join(await temporaryDirectory(), 'metadata.sqlite')
  const left = await openSqliteMetadataStore({ path, berth: '0.1.0' })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>([[0, Promise.withResolvers()]])
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'other-process.ts'), path], {
    stdout: 'inherit',
    stderr: 'inherit',
    serialization: 'advanced',
    ipc({ id, result, failure }: Told) {
      const answer = waiting.get(id)
      waiting.delete(id)
      if (failure) answer?.reject(new RegistryError(failure.code as ErrorCode, failure.message))
      else answer?.resolve(result)
    },
  })
  await waiting.get(0)?.promise
  let last = 0
  return {
    left,
    right: {
      change<N extends ChangeName>(name: N, args: ChangeArguments<N>) {
        last += 1
        const answer = Promise.withResolvers<unknown>()
        waiting.set(last, answer)
        child.send({ id: last, name, args } satisfies Asked)
        return answer.promise as Promise<ChangeResult<N>>
      },
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await child.exited
      await left.close()
    },
  }
}

/** Two pools of connections, as two replicas have them. */
export async function postgresContenders(server: string): Promise<Contenders> {
  const database = await makeDatabase(server)
  const open = () => openPostgresMetadataStore(optionsFor(database))
  const [left, right] = [await open(), await open()]
  return {
    left,
    right,
    async [Symbol.asyncDispose]() {
      await left.close()
      await right.close()
      await dropDatabase(database)
    },
  }
}
