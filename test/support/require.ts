export interface Needs {
  /** Whether the tools only work for root, as daemons and mounts do. */
  asRoot?: boolean
}

/**
 * Whether what a suite needs is here. Where something is missing, a sentence says so and the suite is skipped; in CI this
 * throws instead, so that nothing goes untested unnoticed. Every suite that may be skipped asks here.
 * @param missing what is not here, in words that say how it comes
 */
export function requireHere(suite: string, missing: readonly string[]): boolean {
  if (missing.length === 0) return true
  const reason = `${suite} can't be tried here: ${missing.join('; ')}`
  if (process.env.CI) throw new Error(reason)
  console.warn(`Skipped: ${reason}.`)
  return false
}

/** Whether every tool is installed. */
export function requireTools(tools: readonly string[], needs: Needs = {}): boolean {
  const missing = tools.filter((tool) => Bun.which(tool) === null)
  return requireHere(`what takes ${tools[0]}`, [
    ...(missing.length > 0 ? [`not installed: ${missing.join(', ')}`] : []),
    ...(needs.asRoot ? lackingRoot() : []),
  ])
}

export function lackingRoot(): string[] {
  return process.geteuid?.() === 0 ? [] : ['it needs root']
}
