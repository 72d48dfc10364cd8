import type { DecidesAccess, FindsUsers } from '../../metadata/metadata-store.ts'

/**
 * Whether the registry is closed. Once it is, it is for good, and nothing is asked any more; as long as it is open,
 * the question costs a look at a counter where the engine has one, and else a query.
 */
export function watchClosing(
  metadata: Pick<FindsUsers, 'accessState'> & DecidesAccess,
): () => boolean | Promise<boolean> {
  let closed = false
  let openAt: number | undefined
  return () => {
    if (closed) return true
    const stamp = metadata.accessStamp?.()
    if (stamp !== undefined && stamp === openAt) return false
    return metadata.accessState().then((state) => {
      closed = state.closed
      openAt = stamp
      return closed
    })
  }
}
