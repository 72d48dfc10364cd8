import type { Command } from './command.ts'

/** Loads a command: only the one that is asked for, since all of them at each start would take longer than most do. */
type LoadCommand = () => Promise<Command>

export interface CommandGroup {
  readonly title: string
  /** By their names. */
  readonly commands: Readonly<Record<string, LoadCommand>>
}

/** Every command, in the order in which the overview shows them. */
export const commandGroups: readonly CommandGroup[] = [
  {
    title: 'Serving',
    commands: {
      serve: async () => (await import('./commands/serve.ts')).serve,
      healthcheck: async () => (await import('./commands/healthcheck.ts')).healthcheck,
    },
  },
  {
    title: 'Images',
    commands: {
      'repo list': async () => (await import('./commands/repo/list.ts')).repoList,
      'repo show': async () => (await import('./commands/repo/show.ts')).repoShow,
      'repo set': async () => (await import('./commands/repo/set.ts')).repoSet,
      'repo delete': async () => (await import('./commands/repo/delete.ts')).repoDelete,
      'tag list': async () => (await import('./commands/tag/list.ts')).tagList,
      'tag delete': async () => (await import('./commands/tag/delete.ts')).tagDelete,
      'tag history': async () => (await import('./commands/tag/history.ts')).tagHistory,
      'tag restore': async () => (await import('./commands/tag/restore.ts')).tagRestore,
      'manifest delete': async () => (await import('./commands/manifest/delete.ts')).manifestDelete,
      resolve: async () => (await import('./commands/resolve.ts')).resolve,
      'trash list': async () => (await import('./commands/trash/list.ts')).trashList,
      'trash restore': async () => (await import('./commands/trash/restore.ts')).trashRestore,
      'trash empty': async () => (await import('./commands/trash/empty.ts')).trashEmpty,
    },
  },
  {
    title: 'Accounts',
    commands: {
      'user add': async () => (await import('./commands/user/add.ts')).userAdd,
      'user list': async () => (await import('./commands/user/list.ts')).userList,
      'user show': async () => (await import('./commands/user/show.ts')).userShow,
      'user set': async () => (await import('./commands/user/set.ts')).userSet,
      'user passwd': async () => (await import('./commands/user/passwd.ts')).userPasswd,
      'user disable': async () => (await import('./commands/user/disable.ts')).userDisable,
      'user enable': async () => (await import('./commands/user/enable.ts')).userEnable,
      'user delete': async () => (await import('./commands/user/delete.ts')).userDelete,
      'org add': async () => (await import('./commands/org/add.ts')).orgAdd,
      'org list': async () => (await import('./commands/org/list.ts')).orgList,
      'org show': async () => (await import('./commands/org/show.ts')).orgShow,
      'org delete': async () => (await import('./commands/org/delete.ts')).orgDelete,
      'org member add': async () => (await import('./commands/org/member-add.ts')).orgMemberAdd,
      'org member remove': async () => (await import('./commands/org/member-remove.ts')).orgMemberRemove,
      'team add': async () => (await import('./commands/team/add.ts')).teamAdd,
      'team list': async () => (await import('./commands/team/list.ts')).teamList,
      'team show': async () => (await import('./commands/team/show.ts')).teamShow,
      'team delete': async () => (await import('./commands/team/delete.ts')).teamDelete,
      'team member add': async () => (await import('./commands/team/member-add.ts')).teamMemberAdd,
      'team member remove': async () => (await import('./commands/team/member-remove.ts')).teamMemberRemove,
      'robot add': async () => (await import('./commands/robot/add.ts')).robotAdd,
      'robot list': async () => (await import('./commands/robot/list.ts')).robotList,
      'robot token': async () => (await import('./commands/robot/token.ts')).robotToken,
      'robot trust add': async () => (await import('./commands/robot/trust-add.ts')).robotTrustAdd,
      'robot trust list': async () => (await import('./commands/robot/trust-list.ts')).robotTrustList,
      'robot trust remove': async () => (await import('./commands/robot/trust-remove.ts')).robotTrustRemove,
      'robot disable': async () => (await import('./commands/robot/disable.ts')).robotDisable,
      'robot enable': async () => (await import('./commands/robot/enable.ts')).robotEnable,
      'robot delete': async () => (await import('./commands/robot/delete.ts')).robotDelete,
      'ldap check': async () => (await import('./commands/ldap/check.ts')).ldapCheck,
      'invite create': async () => (await import('./commands/invite/create.ts')).inviteCreate,
      'invite list': async () => (await import('./commands/invite/list.ts')).inviteList,
      'invite revoke': async () => (await import('./commands/invite/revoke.ts')).inviteRevoke,
    },
  },
  {
    title: 'Access',
    commands: {
      login: async () => (await import('./commands/login.ts')).login,
      logout: async () => (await import('./commands/logout.ts')).logout,
      whoami: async () => (await import('./commands/whoami.ts')).whoami,
      grant: async () => (await import('./commands/grant.ts')).grant,
      'access list': async () => (await import('./commands/access/list.ts')).accessList,
      revoke: async () => (await import('./commands/revoke.ts')).revoke,
      'access explain': async () => (await import('./commands/access/explain.ts')).accessExplain,
      'namespace list': async () => (await import('./commands/namespace/list.ts')).namespaceList,
      'namespace show': async () => (await import('./commands/namespace/show.ts')).namespaceShow,
      'namespace set': async () => (await import('./commands/namespace/set.ts')).namespaceSet,
      'quota show': async () => (await import('./commands/quota/show.ts')).quotaShow,
      'quota set': async () => (await import('./commands/quota/set.ts')).quotaSet,
      'token create': async () => (await import('./commands/token/create.ts')).tokenCreate,
      'token list': async () => (await import('./commands/token/list.ts')).tokenList,
      'token revoke': async () => (await import('./commands/token/revoke.ts')).tokenRevoke,
      'signing-key list': async () => (await import('./commands/signing-key/list.ts')).signingKeyList,
      'signing-key rotate': async () => (await import('./commands/signing-key/rotate.ts')).signingKeyRotate,
      'signing-key remove': async () => (await import('./commands/signing-key/remove.ts')).signingKeyRemove,
    },
  },
  {
    title: 'Audit',
    commands: {
      'audit list': async () => (await import('./commands/audit/list.ts')).auditList,
      'audit export': async () => (await import('./commands/audit/export.ts')).auditExport,
      'audit verify': async () => (await import('./commands/audit/verify.ts')).auditVerify,
      'audit anchor': async () => (await import('./commands/audit/anchor.ts')).auditAnchor,
    },
  },
  {
    title: 'Notifications',
    commands: {
      'webhook add': async () => (await import('./commands/webhook/add.ts')).webhookAdd,
      'webhook list': async () => (await import('./commands/webhook/list.ts')).webhookList,
      'webhook show': async () => (await import('./commands/webhook/show.ts')).webhookShow,
      'webhook set': async () => (await import('./commands/webhook/set.ts')).webhookSet,
      'webhook test': async () => (await import('./commands/webhook/test.ts')).webhookTest,
      'webhook deliveries': async () => (await import('./commands/webhook/deliveries.ts')).webhookDeliveries,
      'webhook redeliver': async () => (await import('./commands/webhook/redeliver.ts')).webhookRedeliver,
      'webhook remove': async () => (await import('./commands/webhook/remove.ts')).webhookRemove,
    },
  },
  {
    title: 'Upkeep',
    commands: {
      gc: async () => (await import('./commands/gc.ts')).gc,
      retention: async () => (await import('./commands/retention.ts')).retention,
      verify: async () => (await import('./commands/verify.ts')).verify,
      'read-only on': async () => (await import('./commands/read-only/on.ts')).readOnlyOn,
      'read-only off': async () => (await import('./commands/read-only/off.ts')).readOnlyOff,
      'read-only status': async () => (await import('./commands/read-only/status.ts')).readOnlyStatus,
    },
  },
  {
    title: 'Copies and moves',
    commands: {
      backup: async () => (await import('./commands/backup.ts')).backup,
      restore: async () => (await import('./commands/restore.ts')).restore,
      rebuild: async () => (await import('./commands/rebuild.ts')).rebuild,
      migrate: async () => (await import('./commands/migrate.ts')).migrate,
      'import registry': async () => (await import('./commands/import/registry.ts')).importRegistry,
      'import oci': async () => (await import('./commands/import/oci.ts')).importOci,
      'import htpasswd': async () => (await import('./commands/import/htpasswd.ts')).importHtpasswdFile,
    },
  },
  {
    title: 'Other',
    commands: {
      version: async () => (await import('./commands/version.ts')).version,
    },
  },
]

const listed = new Map(commandGroups.flatMap(({ commands }) => Object.entries(commands)))

/** The names of the commands that the overview lists. */
export const commandNames: readonly string[] = [...listed.keys()]

/** Started by other commands, and in no overview. */
const inner: ReadonlyMap<string, LoadCommand> = new Map([
  ['serve-worker', async () => (await import('./commands/serve-worker.ts')).serveWorker],
])

/** @returns undefined where there is no command of this name */
export async function loadCommand(name: string): Promise<Command | undefined> {
  return (listed.get(name) ?? inner.get(name))?.()
}

export function loadAll(names: readonly string[]): Promise<Command[]> {
  return Promise.all(names.flatMap((name) => listed.get(name)?.() ?? []))
}
