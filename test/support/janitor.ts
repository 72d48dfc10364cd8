/**
 * Has a shell command run once this process is gone, whether it returned, crashed or was killed.
 * (`bun test` ends without an exit event.) The command must bear that the work is done already.
 */
export function afterThisProcess(command: string): void {
  janitor ??= startJanitor()
  janitor.write(`${command}\n`)
  void janitor.flush()
}

/** A word that the shell takes literally. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

let janitor: Bun.FileSink | undefined

/** A shell that reads its whole script before it starts, so that it starts when the pipe's other end is gone. */
function startJanitor(): Bun.FileSink {
  const child = Bun.spawn(['sh', '-c', `trap '' INT HUP TERM; script=$(cat); eval "$script"`], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  child.unref()
  return child.stdin
}
