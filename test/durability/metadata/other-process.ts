import type { ChangeArguments, ChangeName } from '../../../src/metadata/changes/changes.ts'
import { openSqliteMetadataStore } from '../../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { RegistryError } from '../../../src/oci/errors.ts'

/** Changes a database that another process has open, as commands do beside the server. */

export interface Asked {
  readonly id: number
  readonly name: ChangeName
  readonly args: ChangeArguments<ChangeName>
}

export interface Told {
  readonly id: number
  readonly result?: unknown
  readonly failure?: { readonly code: string; readonly message: string }
}

const store = await openSqliteMetadataStore({ path: process.argv[2] ?? '', berth: '0.1.0' })

process.on('message', async ({ id, name, args }: Asked) => {
  try {
    tell({ id, result: await store.change(name, args) })
  } catch (error) {
    const code = error instanceof RegistryError ? error.code : ''
    tell({ id, failure: { code, message: error instanceof Error ? error.message : String(error) } })
  }
})
tell({ id: 0 })

function tell(message: Told): void {
  process.send?.(message)
}
