/**
 * Who gives a command on the stores themselves, for the history: no name of an account has a colon. To be asked before the
 * process becomes the user that owns the data. A container's user may have no name.
 */
export function operatorName(): string {
  const { SUDO_USER, USER, LOGNAME } = process.env
  return `cli:${SUDO_USER || USER || LOGNAME || `uid ${process.geteuid?.()}`}`
}
