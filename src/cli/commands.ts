import type { Command } from './command.ts'
import { backup } from './commands/backup.ts'
import { gc } from './commands/gc.ts'
import { healthcheck } from './commands/healthcheck.ts'
import { importHtpasswdFile } from './commands/import/htpasswd.ts'
import { importOci } from './commands/import/oci.ts'
import { importRegistry } from './commands/import/registry.ts'
import { login } from './commands/login.ts'
import { logout } from './commands/logout.ts'
import { manifestDelete } from './commands/manifest/delete.ts'
import { readOnlyOff } from './commands/read-only/off.ts'
import { readOnlyOn } from './commands/read-only/on.ts'
import { readOnlyStatus } from './commands/read-only/status.ts'
import { rebuild } from './commands/rebuild.ts'
import { repoDelete } from './commands/repo/delete.ts'
import { repoList } from './commands/repo/list.ts'
import { repoShow } from './commands/repo/show.ts'
import { resolve } from './commands/resolve.ts'
import { restore } from './commands/restore.ts'
import { retention } from './commands/retention.ts'
import { serve } from './commands/serve.ts'
import { serveWorker } from './commands/serve-worker.ts'
import { signingKeyList } from './commands/signing-key/list.ts'
import { signingKeyRemove } from './commands/signing-key/remove.ts'
import { signingKeyRotate } from './commands/signing-key/rotate.ts'
import { tagDelete } from './commands/tag/delete.ts'
import { tagHistory } from './commands/tag/history.ts'
import { tagList } from './commands/tag/list.ts'
import { tagRestore } from './commands/tag/restore.ts'
import { trashEmpty } from './commands/trash/empty.ts'
import { trashList } from './commands/trash/list.ts'
import { trashRestore } from './commands/trash/restore.ts'
import { verify } from './commands/verify.ts'
import { version } from './commands/version.ts'

interface CommandGroup {
  readonly title: string
  readonly commands: readonly Command[]
}

/** Every command, in the order in which the overview shows them. */
export const commandGroups: readonly CommandGroup[] = [
  { title: 'Serving', commands: [serve, healthcheck] },
  {
    title: 'Images',
    commands: [
      repoList,
      repoShow,
      repoDelete,
      tagList,
      tagDelete,
      tagHistory,
      tagRestore,
      manifestDelete,
      resolve,
      trashList,
      trashRestore,
      trashEmpty,
    ],
  },
  { title: 'Access', commands: [login, logout, signingKeyList, signingKeyRotate, signingKeyRemove] },
  { title: 'Upkeep', commands: [gc, retention, verify, readOnlyOn, readOnlyOff, readOnlyStatus] },
  {
    title: 'Copies and moves',
    commands: [backup, restore, rebuild, importRegistry, importOci, importHtpasswdFile],
  },
  { title: 'Other', commands: [version] },
]

export const commands: readonly Command[] = commandGroups.flatMap((group) => group.commands)

/** Started by other commands, and in no overview. */
export const innerCommands: readonly Command[] = [serveWorker]
