import { sizeText } from './units.ts'

/** How far a long command is; shown on a terminal only, on stderr, so that stdout stays the result's. */
export interface Progress {
  /** `total` undefined: nobody knows. */
  update(state: { done: number; total?: number | undefined }): void
  /** Takes the bar away. */
  end(): void
}

interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressOptions {
  readonly label: string
  /** What is counted. */
  readonly unit: 'bytes' | 'items'
  readonly terminal?: Terminal
  /** Milliseconds, of a clock that only goes forward. */
  now?(): number
}

const drawEvery = 100

export function showProgress(options: ProgressOptions): Progress {
  const terminal: Terminal = options.terminal ?? process.stderr
  if (!terminal.isTTY) return { update: () => undefined, end: () => undefined }
  const now = options.now ?? (() => performance.now())
  const started = now()
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    update({ done, total }) {
      if (now() - drawnAt < drawEvery && done !== total) return
      drawnAt = now()
      const rate = done / Math.max((drawnAt - started) / 1000, 0.001)
      terminal.write(`\r${line(options, { done, total, rate }, terminal.columns ?? 80)}\u001b[K`)
    },
    end: () => void terminal.write('\r\u001b[K'),
  }
}

function line(
  { label, unit }: ProgressOptions,
  { done, total, rate }: { done: number; total: number | undefined; rate: number },
  width: number,
): string {
  const amount = (value: number) =>
    unit === 'bytes' ? sizeText(value) : Math.round(value).toLocaleString('en-US')
  const speed = `${amount(rate)}/s`
  if (!total) return `${label}  ${amount(done)}  ${speed}`.slice(0, width - 1)
  const part = Math.min(done / total, 1)
  const facts = `${String(Math.floor(part * 100)).padStart(3)} %  ${amount(done)} of ${amount(total)}  ${speed}`
  const room = Math.min(width - label.length - facts.length - 7, 40)
  if (room < 8) return `${label}  ${facts}`.slice(0, width - 1)
  const filled = Math.round(part * room)
  return `${label}  [${'='.repeat(filled)}${' '.repeat(room - filled)}]  ${facts}`
}
