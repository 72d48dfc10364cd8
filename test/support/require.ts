export interface Needs {
  /** Whether the tools only work for root, as daemons and mounts do. */
  asRoot?: boolean
}

/**
 * Whether a suite can run here, that is, every tool is installed. Where it can't, a sentence says why and the
 * suite is skipped; in CI it throws instead, so that no client goes untested unnoticed.
 */
export function requireTools(tools: readonly string[], needs: Needs = {}): boolean {
  const missing = tools.filter((tool) => Bun.which(tool) === null)
  const reasons = missing.length > 0 ? [`not installed: ${missing.join(', ')}`] : []
  if (needs.asRoot && process.getuid?.() !== 0) reasons.push('it needs root')
  if (reasons.length === 0) return true
  const reason = `the suite for ${tools[0]} can't run here: ${reasons.join('; ')}`
  if (process.env.CI) throw new Error(reason)
  console.warn(`Skipped: ${reason}.`)
  return false
}
