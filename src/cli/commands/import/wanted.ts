export const repositoryFlag = { repository: { type: 'string', multiple: true } } as const

export const repositoryHelp: [string, string] = [
  '--repository',
  'only repositories that match this pattern, such as team/* or team/**; may be repeated [all]',
]

/** Whether a name matches one of the patterns; every name does where there are none. */
export function anyOf(patterns: readonly string[] = []): (name: string) => boolean {
  const globs = patterns.map((pattern) => new Bun.Glob(pattern))
  return (name) => globs.length === 0 || globs.some((glob) => glob.match(name))
}
