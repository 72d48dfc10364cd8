/** A fault that the kernel reports to a running server. */
export interface Injection extends AsyncDisposable {
  /** How often it was reported. */
  count(): number
}

/**
 * Lets system calls of a process fail, or take longer, from now until it is disposed of.
 * @param fault as strace's `inject=` takes it, such as `fsync:error=EIO:when=1+3`
 */
export async function inject(pid: number, fault: string): Promise<Injection> {
  const calls = fault.slice(0, fault.indexOf(':'))
  const tracer = Bun.spawn(
    ['strace', '-f', '-p', String(pid), '-e', `trace=${calls}`, '-e', `inject=${fault}`],
    {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
    },
  )
  let printed = ''
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of tracer.stderr) printed += decoder.decode(chunk, { stream: true })
  })()
  const deadline = Date.now() + 10_000
  while (!/attached/.test(printed)) {
    if (tracer.exitCode !== null || Date.now() > deadline) {
      tracer.kill('SIGKILL')
      throw new Error(`strace could not attach to ${pid}:\n${printed}`)
    }
    await Bun.sleep(10)
  }
  return {
    count: () => printed.match(/\(INJECTED\)/g)?.length ?? 0,
    async [Symbol.asyncDispose]() {
      // Lets the process go on as if nothing had been.
      tracer.kill('SIGINT')
      await tracer.exited
      await reading
    },
  }
}
