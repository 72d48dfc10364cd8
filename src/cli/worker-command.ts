/** The words that start a worker: nobody types them, so that they are in no overview. */
export const workerWords: readonly string[] = ['serve-worker']

/** The program that is a worker: this one, whether it runs from source or compiled. */
export function workerCommand(): readonly string[] {
  const compiled = import.meta.url.includes('/$bunfs/')
  return [process.execPath, ...(compiled ? [] : [...process.execArgv, Bun.main]), ...workerWords]
}
