export interface RobotAddress {
  readonly organisation: string
  readonly name: string
}

/** Jobs elsewhere that may sign in as a robot, by the tokens of their OpenID provider. Times are ISO 8601. */
export interface ManagesRobotTrusts {
  addTrust(trust: NewTrust): Promise<CreatedTrust>
  listTrusts(robot: RobotAddress): Promise<{ readonly robot: string; readonly trusts: readonly Trust[] }>
  removeTrust(
    of: RobotAddress & { id: string },
  ): Promise<{ readonly removed: string; readonly robot: string }>
}

export interface NewTrust {
  readonly robot: RobotAddress
  readonly issuer: string
  readonly audience: string
  /** What each claim must be; `*` is anything but a slash, `**` anything. */
  readonly claims: Readonly<Record<string, string>>
  /** `acme/app:pull,push`; none: all that the robot may. */
  readonly scopes: readonly string[]
}

export interface Trust {
  readonly id: string
  readonly issuer: string
  readonly audience: string
  readonly claims: Readonly<Record<string, string>>
  readonly scopes: readonly string[] | null
  /** That jobs were given by it, and that still hold. */
  readonly tokens: number
  readonly createdAt: string
}

export interface CreatedTrust extends Trust {
  /** What jobs sign in as. */
  readonly robot: string
}
