/** 0 done, 1 found something wrong or failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2

export interface Command {
  readonly name: string
  readonly summary: string
  /** What `--help` prints. */
  help(): string
  run(args: readonly string[]): Promise<ExitCode>
}

/** The command line can't be understood: the message says which part, and what would be. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** What was asked for can't be done: the message says why, and what to do. */
export class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
  }
}
