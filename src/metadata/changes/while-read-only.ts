import { RegistryError } from '../../oci/errors.ts'
import type { Transaction } from '../engine.ts'
import { statement } from '../statement.ts'
import type { ChangeName } from './changes.ts'

/** The key under which `registry/read-only.ts` puts the switch on record. */
export const readOnlyKey = 'read-only'

/**
 * Whether a change is one of what the registry holds, or of who may do what, by clients, operators or the collector. The
 * others note how things are, give something back, let callers sign in to pull, or are what a start needs.
 */
const writes: Readonly<Record<ChangeName, boolean>> = {
  addRobotTrust: true,
  admitOutsider: true,
  appendUpload: true,
  beginSignIn: false,
  cancelUpload: false,
  checkManifest: false,
  claimDeliveries: false,
  closeRegistry: false,
  collect: true,
  commitUpload: true,
  confirmBlob: true,
  confirmManifest: true,
  createAccessToken: true,
  createInvitation: true,
  createOrganisation: true,
  createRobot: true,
  createTeam: true,
  createUser: true,
  createWebhook: true,
  deleteAccessToken: true,
  deleteInvitation: true,
  deleteManifest: true,
  deleteOrganisation: true,
  deleteRefreshToken: false,
  deleteRepository: true,
  deleteRobot: true,
  deleteSigningKey: true,
  deleteTag: true,
  deleteTeam: true,
  deleteUser: true,
  deleteWebhook: true,
  doomUnknown: false,
  emptyTrash: true,
  endSignIn: false,
  endAttempt: false,
  endTurn: false,
  expireRates: false,
  expireRefreshTokens: false,
  expireUploads: true,
  expireWorkloadTokens: false,
  forgetDoomed: false,
  holdObjects: false,
  leaseUpload: true,
  mountBlob: true,
  noteTokenUses: false,
  offerSetupCode: false,
  openUpload: true,
  pauseWebhook: false,
  putManifest: true,
  putRefreshToken: false,
  putSigningKey: false,
  putTag: true,
  quarantineBlob: false,
  recordAudit: false,
  recordPulls: false,
  recordRun: false,
  recount: false,
  redeemWorkloadToken: false,
  redeliver: false,
  rehashPassword: false,
  releaseBlob: false,
  releaseObjects: false,
  removeRobotTrust: true,
  renewTurn: false,
  renewUpload: false,
  reserveUpload: true,
  restoreTrash: true,
  retireSigningKeys: true,
  retireTags: true,
  setGrant: true,
  setMember: true,
  setNamespace: true,
  setPassword: true,
  setQuota: true,
  setRobot: true,
  setState: false,
  setTeamMember: true,
  setUser: true,
  setVisibility: true,
  sharePulls: false,
  setWebhook: true,
  takeTurn: false,
  tellPulls: false,
  tidyDeliveries: false,
  trimAudit: true,
  unlinkBlob: true,
  withdrawOutsider: true,
}

/**
 * Requests ask for the switch before they begin, and an upload may take an hour from there. Asked once more in the
 * transaction, nothing is acknowledged after the switch was turned on: who copies the registry from then on misses
 * nothing. Transactions of SQLite come one after the other, which makes this exact.
 * @throws READ_ONLY
 */
export async function requireWritable(tx: Transaction, name: ChangeName): Promise<void> {
  if (!writes[name] || (await tx.first(readOnlySwitch, {})) === undefined) return
  throw new RegistryError(
    'READ_ONLY',
    'the registry is read-only for now, for maintenance: pulls go on; try again later',
  )
}

const readOnlySwitch = statement<object>()(({ db }) =>
  db.selectFrom('state').select('key').where('key', '=', readOnlyKey),
)
