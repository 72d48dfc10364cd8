import { recordAudit, trimAudit } from './audit.ts'
import { closeRegistry, offerSetupCode } from './closing.ts'
import { collect } from './collect.ts'
import { commitUpload } from './commit-upload.ts'
import { checkManifest, doomUnknown, quarantineBlob, releaseBlob } from './damage.ts'
import { deleteUser } from './delete-user.ts'
import { claimDeliveries, endAttempt, redeliver, tidyDeliveries } from './deliveries.ts'
import { confirmBlob, mountBlob, unlinkBlob } from './links.ts'
import { confirmManifest, deleteManifest, putManifest } from './manifests.ts'
import { setGrant, setNamespace, setVisibility } from './namespaces.ts'
import { forgetDoomed } from './objects.ts'
import {
  createOrganisation,
  createTeam,
  deleteOrganisation,
  deleteTeam,
  setMember,
  setTeamMember,
} from './organisations.ts'
import { admitOutsider, withdrawOutsider } from './outsiders.ts'
import { setQuota } from './quotas.ts'
import { beginSignIn, endSignIn, expireRates, sharePulls } from './rates.ts'
import { recount } from './recount.ts'
import { deleteRepository } from './repositories.ts'
import { restoreTrash } from './restore.ts'
import { retireTags } from './retire.ts'
import { addRobotTrust, removeRobotTrust } from './robot-trusts.ts'
import { createRobot, deleteRobot, setRobot } from './robots.ts'
import { holdObjects, recordPulls, recordRun, releaseObjects, setState } from './state.ts'
import { deleteTag, putTag } from './tags.ts'
import { tellPulls } from './tell-pulls.ts'
import {
  createAccessToken,
  createInvitation,
  deleteAccessToken,
  deleteInvitation,
  deleteRefreshToken,
  deleteSigningKey,
  expireRefreshTokens,
  noteTokenUses,
  putRefreshToken,
  putSigningKey,
  retireSigningKeys,
} from './tokens.ts'
import { emptyTrash } from './trash.ts'
import { endTurn, renewTurn, takeTurn } from './turns.ts'
import { appendUpload, cancelUpload, expireUploads, leaseUpload, openUpload, renewUpload } from './uploads.ts'
import type { Counted } from './usage/ledger.ts'
import { reserveUpload } from './usage/reservations.ts'
import { createUser, rehashPassword, setPassword, setUser } from './users.ts'
import { createWebhook, deleteWebhook, pauseWebhook, setWebhook } from './webhooks.ts'
import { expireWorkloadTokens, redeemWorkloadToken } from './workload-tokens.ts'

/**
 * Every change of the metadata: each is one transaction, with arguments and results that can cross to the thread
 * or process that owns the writing connection.
 */
export const changes = {
  addRobotTrust,
  admitOutsider,
  appendUpload,
  beginSignIn,
  cancelUpload,
  checkManifest,
  claimDeliveries,
  closeRegistry,
  collect,
  commitUpload,
  confirmBlob,
  confirmManifest,
  createAccessToken,
  createInvitation,
  createOrganisation,
  createRobot,
  createTeam,
  createUser,
  createWebhook,
  deleteAccessToken,
  deleteInvitation,
  deleteManifest,
  deleteOrganisation,
  deleteRefreshToken,
  deleteRepository,
  deleteRobot,
  deleteSigningKey,
  deleteTag,
  deleteTeam,
  deleteUser,
  deleteWebhook,
  doomUnknown,
  emptyTrash,
  endSignIn,
  endAttempt,
  endTurn,
  expireRates,
  expireRefreshTokens,
  expireUploads,
  expireWorkloadTokens,
  forgetDoomed,
  holdObjects,
  leaseUpload,
  mountBlob,
  noteTokenUses,
  offerSetupCode,
  openUpload,
  pauseWebhook,
  putManifest,
  putRefreshToken,
  putSigningKey,
  putTag,
  quarantineBlob,
  recordAudit,
  recordPulls,
  recordRun,
  recount,
  redeemWorkloadToken,
  redeliver,
  rehashPassword,
  releaseBlob,
  releaseObjects,
  removeRobotTrust,
  renewTurn,
  renewUpload,
  reserveUpload,
  restoreTrash,
  retireSigningKeys,
  retireTags,
  setGrant,
  setMember,
  setNamespace,
  setPassword,
  setQuota,
  setRobot,
  setState,
  setTeamMember,
  setUser,
  setVisibility,
  sharePulls,
  setWebhook,
  takeTurn,
  tellPulls,
  tidyDeliveries,
  trimAudit,
  unlinkBlob,
  withdrawOutsider,
}

export type ChangeName = keyof typeof changes
export type ChangeArguments<N extends ChangeName> = Parameters<(typeof changes)[N]>[1]
export type ChangeResult<N extends ChangeName> = Awaited<ReturnType<(typeof changes)[N]>>

/**
 * Whether its commit must reach the disk before it is answered; the loss of the others loses nothing acknowledged.
 * A row must be on the disk before a file that only it knows: an upload's first bytes come with a lease, or with the
 * request that opens it. An opened upload without bytes may be lost in a power cut: its client starts another.
 */
export function needsSync<N extends ChangeName>(name: N, args: ChangeArguments<N>): boolean {
  if (name === 'openUpload') return (args as ChangeArguments<'openUpload'>).writer !== null
  return !unsynced.has(name)
}

const unsynced: ReadonlySet<ChangeName> = new Set([
  'beginSignIn',
  'endSignIn',
  // Lost, an attempt is made once more: receivers tell events apart by their ids.
  'claimDeliveries',
  'endAttempt',
  'endTurn',
  'expireRates',
  'expireRefreshTokens',
  'expireWorkloadTokens',
  'forgetDoomed',
  'holdObjects',
  'noteTokenUses',
  'recordAudit',
  'recordPulls',
  'recordRun',
  'releaseObjects',
  'renewTurn',
  'renewUpload',
  'reserveUpload',
  'sharePulls',
  'takeTurn',
  'tellPulls',
  'tidyDeliveries',
])

/** The one place where a change is looked up by its name. */
export function applyChange<N extends ChangeName>(
  tx: Counted,
  name: N,
  args: ChangeArguments<N>,
): Promise<ChangeResult<N>> {
  const change = changes[name] as (tx: Counted, args: ChangeArguments<N>) => Promise<ChangeResult<N>>
  return change(tx, args)
}
