import type { SettingSources } from '../config/load.ts'
import type { CrewState } from '../http/crew.ts'
import type { Address } from '../http/listeners.ts'
import type { ProcessMetrics } from '../http/process-metrics.ts'
import type { ChangeOrder } from '../metadata/changes/make-change.ts'
import type { Share, ShareAsk } from '../rates/shares.ts'
import type { AttemptKeys, Outcome, Verdict } from '../rates/sign-in-rules.ts'

/** What the owner does for its workers: each takes one argument, and both sides may be in different processes. */
export type OwnerMethods = {
  /** A worker that has started asks what it is to do. */
  hello(argument: null): Promise<WorkerOrders>
  /** It has opened everything, and may listen when this resolves: the first of them do so together. */
  ready(argument: null): Promise<void>
  /** It answers requests now, at these URLs. */
  listening(urls: readonly string[]): Promise<void>
  /** It can't, and ends. */
  unable(error: StartError): Promise<void>
  /** One change of the metadata, in the owner's next transaction. */
  change(change: ChangeOrder): Promise<unknown>
  claimUpload(id: string): Promise<UploadClaim>
  releaseUpload(claim: UploadClaim): Promise<void>
  /** What all processes count together. */
  sharePulls(asked: readonly ShareAsk[]): Promise<readonly Share[]>
  beginSignIn(keys: AttemptKeys): Promise<Verdict>
  endSignIn(outcome: Outcome): Promise<void>
  /** What every process measured, the worker that asks and the owner included. */
  gatherMetrics(argument: null): Promise<readonly ProcessMetrics[]>
  crewState(argument: null): Promise<CrewState>
  /** @returns false where the collector runs already */
  startCollector(argument: null): Promise<boolean>
}

/** What a worker does for its owner. */
export type WorkerMethods = {
  /** Resolves when this process writes to the upload's object no more. */
  revokeUpload(id: string): Promise<void>
  /** Writes down which manifests were pulled. */
  flushPulls(argument: null): Promise<void>
  measure(argument: null): Promise<ProcessMetrics>
  /** Lets transfers finish, for at most `patience` milliseconds, and then ends. */
  drain(order: { patience: number }): Promise<{ cutOff: boolean }>
}

export interface WorkerOrders {
  /** The flags, the environment and the text of the file that the owner read: all read the same settings. */
  readonly settings: SettingSources
  readonly listen: readonly Address[]
}

export interface StartError {
  readonly name: string
  readonly message: string
}

export interface UploadClaim {
  readonly id: string
  readonly number: number
}
