/** Works on entries as they come, so many at a time. The first failure ends it. */
export async function sideBySide<T>(
  entries: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (entry: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  for await (const entry of entries) {
    if (failure) break
    const task = work(entry)
      .catch((error) => {
        failure ??= { error }
      })
      .finally(() => running.delete(task))
    running.add(task)
    if (running.size >= width) await Promise.race(running)
  }
  await Promise.all(running)
  if (failure) throw failure.error
}
