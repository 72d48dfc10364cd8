import type { UploadRow } from '../schema.ts'

/** Where a closing request will put the object. */
export interface Target {
  /** A key that was never used before. */
  key: string
  /** What every key begins with that the object may lie under already. */
  prefix: string
  /** The key where bytes of earlier requests lie in the upload and the storage can't rename them. */
  resumed?: string
}

/** A target that an earlier request put on record stays where the object may lie there already. */
export function targetOf(upload: UploadRow, target: Target | null): string | null {
  if (!target) return upload.target_key
  if (upload.durable_offset === 0) return target.key
  return upload.target_key?.startsWith(target.prefix) ? upload.target_key : (target.resumed ?? target.key)
}
