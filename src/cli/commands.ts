import type { Command } from './command.ts'
import { accessExplain } from './commands/access/explain.ts'
import { accessList } from './commands/access/list.ts'
import { backup } from './commands/backup.ts'
import { gc } from './commands/gc.ts'
import { grant } from './commands/grant.ts'
import { healthcheck } from './commands/healthcheck.ts'
import { importHtpasswdFile } from './commands/import/htpasswd.ts'
import { importOci } from './commands/import/oci.ts'
import { importRegistry } from './commands/import/registry.ts'
import { inviteCreate } from './commands/invite/create.ts'
import { inviteList } from './commands/invite/list.ts'
import { inviteRevoke } from './commands/invite/revoke.ts'
import { login } from './commands/login.ts'
import { logout } from './commands/logout.ts'
import { manifestDelete } from './commands/manifest/delete.ts'
import { migrate } from './commands/migrate.ts'
import { namespaceList } from './commands/namespace/list.ts'
import { namespaceSet } from './commands/namespace/set.ts'
import { namespaceShow } from './commands/namespace/show.ts'
import { orgAdd } from './commands/org/add.ts'
import { orgDelete } from './commands/org/delete.ts'
import { orgList } from './commands/org/list.ts'
import { orgMemberAdd } from './commands/org/member-add.ts'
import { orgMemberRemove } from './commands/org/member-remove.ts'
import { orgShow } from './commands/org/show.ts'
import { readOnlyOff } from './commands/read-only/off.ts'
import { readOnlyOn } from './commands/read-only/on.ts'
import { readOnlyStatus } from './commands/read-only/status.ts'
import { rebuild } from './commands/rebuild.ts'
import { repoDelete } from './commands/repo/delete.ts'
import { repoList } from './commands/repo/list.ts'
import { repoSet } from './commands/repo/set.ts'
import { repoShow } from './commands/repo/show.ts'
import { resolve } from './commands/resolve.ts'
import { restore } from './commands/restore.ts'
import { retention } from './commands/retention.ts'
import { revoke } from './commands/revoke.ts'
import { robotAdd } from './commands/robot/add.ts'
import { robotDelete } from './commands/robot/delete.ts'
import { robotDisable } from './commands/robot/disable.ts'
import { robotEnable } from './commands/robot/enable.ts'
import { robotList } from './commands/robot/list.ts'
import { robotToken } from './commands/robot/token.ts'
import { serve } from './commands/serve.ts'
import { serveWorker } from './commands/serve-worker.ts'
import { signingKeyList } from './commands/signing-key/list.ts'
import { signingKeyRemove } from './commands/signing-key/remove.ts'
import { signingKeyRotate } from './commands/signing-key/rotate.ts'
import { tagDelete } from './commands/tag/delete.ts'
import { tagHistory } from './commands/tag/history.ts'
import { tagList } from './commands/tag/list.ts'
import { tagRestore } from './commands/tag/restore.ts'
import { teamAdd } from './commands/team/add.ts'
import { teamDelete } from './commands/team/delete.ts'
import { teamList } from './commands/team/list.ts'
import { teamMemberAdd } from './commands/team/member-add.ts'
import { teamMemberRemove } from './commands/team/member-remove.ts'
import { teamShow } from './commands/team/show.ts'
import { tokenCreate } from './commands/token/create.ts'
import { tokenList } from './commands/token/list.ts'
import { tokenRevoke } from './commands/token/revoke.ts'
import { trashEmpty } from './commands/trash/empty.ts'
import { trashList } from './commands/trash/list.ts'
import { trashRestore } from './commands/trash/restore.ts'
import { userAdd } from './commands/user/add.ts'
import { userDelete } from './commands/user/delete.ts'
import { userDisable } from './commands/user/disable.ts'
import { userEnable } from './commands/user/enable.ts'
import { userList } from './commands/user/list.ts'
import { userPasswd } from './commands/user/passwd.ts'
import { userSet } from './commands/user/set.ts'
import { userShow } from './commands/user/show.ts'
import { verify } from './commands/verify.ts'
import { version } from './commands/version.ts'
import { whoami } from './commands/whoami.ts'

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
      repoSet,
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
  {
    title: 'Accounts',
    commands: [
      userAdd,
      userList,
      userShow,
      userSet,
      userPasswd,
      userDisable,
      userEnable,
      userDelete,
      orgAdd,
      orgList,
      orgShow,
      orgDelete,
      orgMemberAdd,
      orgMemberRemove,
      teamAdd,
      teamList,
      teamShow,
      teamDelete,
      teamMemberAdd,
      teamMemberRemove,
      robotAdd,
      robotList,
      robotToken,
      robotDisable,
      robotEnable,
      robotDelete,
      inviteCreate,
      inviteList,
      inviteRevoke,
    ],
  },
  {
    title: 'Access',
    commands: [
      login,
      logout,
      whoami,
      grant,
      accessList,
      revoke,
      accessExplain,
      namespaceList,
      namespaceShow,
      namespaceSet,
      tokenCreate,
      tokenList,
      tokenRevoke,
      signingKeyList,
      signingKeyRotate,
      signingKeyRemove,
    ],
  },
  { title: 'Upkeep', commands: [gc, retention, verify, readOnlyOn, readOnlyOff, readOnlyStatus] },
  {
    title: 'Copies and moves',
    commands: [backup, restore, rebuild, migrate, importRegistry, importOci, importHtpasswdFile],
  },
  { title: 'Other', commands: [version] },
]

export const commands: readonly Command[] = commandGroups.flatMap((group) => group.commands)

/** Started by other commands, and in no overview. */
export const innerCommands: readonly Command[] = [serveWorker]
