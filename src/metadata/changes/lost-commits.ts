import type { Transaction } from '../engine.ts'
import type { ChangeArguments, ChangeName, ChangeResult } from './changes.ts'
import { commitIsDone, progressIsRecorded } from './lost-uploads.ts'
import type { Settled } from './settled.ts'
import { setTagsStand } from './tags.ts'

type Settle<N extends ChangeName> = (
  tx: Transaction,
  args: ChangeArguments<N>,
) => Promise<Settled<ChangeResult<N>>>

const repeat = async () => ({ state: 'repeat' }) as const
const unknown = async () => ({ state: 'unknown' }) as const

/**
 * For each change. Repeated is only what goes by an upload's id or a digest, so that a second time changes nothing that
 * the first did not, and gives the same result. What deletes or moves a name is not: between the two somebody may have
 * pushed it again, and what was acknowledged to him would be undone.
 */
const lostCommits: { readonly [N in ChangeName]: Settle<N> } = {
  // Uploads: the row of an id that nobody else has tells how far it is.
  appendUpload: progressIsRecorded,
  commitUpload: commitIsDone,
  leaseUpload: repeat,
  openUpload: repeat,
  renewUpload: repeat,
  reserveUpload: repeat,
  expireUploads: repeat,
  // A second time there is none to cancel, which would be told as a failure.
  cancelUpload: unknown,

  // By digest: the same link or manifest is confirmed, made or looked at once more.
  confirmBlob: repeat,
  confirmManifest: repeat,
  mountBlob: repeat,
  checkManifest: repeat,
  quarantineBlob: repeat,
  collect: repeat,
  // The manifest itself goes by its digest; its tags must not move a second time.
  putManifest: setTagsStand,

  // Names: a second time would take away or move what others have pushed since, or tell that there was none.
  putTag: unknown,
  deleteTag: unknown,
  retireTags: unknown,
  deleteManifest: unknown,
  deleteRepository: unknown,
  unlinkBlob: unknown,
  restoreTrash: unknown,
  setState: unknown,
  // Twice on record would be twice done.
  recordAudit: unknown,

  // The operator's report would tell of the second time.
  releaseBlob: unknown,
  doomUnknown: unknown,
  recordRun: unknown,

  // Counted twice, it is the same.
  recount: repeat,

  // For good and by key: gone is gone, and a day that is noted is noted.
  emptyTrash: repeat,
  forgetDoomed: repeat,
  holdObjects: repeat,
  releaseObjects: repeat,
  recordPulls: repeat,
  trimAudit: repeat,
  expireRefreshTokens: repeat,
  expireWorkloadTokens: repeat,
  noteTokenUses: repeat,
  // The code on record is offered again.
  offerSetupCode: repeat,

  // Accounts and rights: what somebody gave or took in between must not be taken or given back.
  addRobotTrust: unknown,
  closeRegistry: unknown,
  createAccessToken: unknown,
  createInvitation: unknown,
  createOrganisation: unknown,
  createRobot: unknown,
  createTeam: unknown,
  createUser: unknown,
  deleteAccessToken: unknown,
  deleteInvitation: unknown,
  deleteOrganisation: unknown,
  deleteRefreshToken: unknown,
  deleteRobot: unknown,
  deleteSigningKey: unknown,
  deleteTeam: unknown,
  deleteUser: unknown,
  putRefreshToken: unknown,
  putSigningKey: unknown,
  // A second time it would be told to be spent already: the secret that belongs to it was not handed out.
  redeemWorkloadToken: unknown,
  rehashPassword: unknown,
  removeRobotTrust: unknown,
  retireSigningKeys: unknown,
  setGrant: unknown,
  setMember: unknown,
  setNamespace: unknown,
  setPassword: unknown,
  setQuota: unknown,
  setRobot: unknown,
  setTeamMember: unknown,
  setUser: unknown,
  setVisibility: unknown,

  // Counted twice, a client would be refused who should not be. Where nobody knows, what was counted stays so.
  beginSignIn: unknown,
  endSignIn: unknown,
  sharePulls: unknown,
  expireRates: repeat,
  // An attempt whose claim nobody knows of is given up after its lease; its end goes by the claim.
  claimDeliveries: unknown,
  endAttempt: repeat,
  pauseWebhook: repeat,
  redeliver: repeat,
  // A second time they would be told twice.
  tellPulls: unknown,
  tidyDeliveries: repeat,
  createWebhook: unknown,
  deleteWebhook: unknown,
  setWebhook: unknown,

  // By subject, and brought up to what the directory says: a second time changes nothing more.
  admitOutsider: repeat,
  withdrawOutsider: repeat,

  // A turn has a name that no other has.
  takeTurn: repeat,
  renewTurn: repeat,
  endTurn: repeat,
}

/** Tells, in a transaction of its own, what became of a change whose COMMIT was lost. */
export function settleLostCommit<N extends ChangeName>(
  tx: Transaction,
  name: N,
  args: ChangeArguments<N>,
): Promise<Settled<ChangeResult<N>>> {
  const settle: Settle<N> = lostCommits[name]
  return settle(tx, args)
}
