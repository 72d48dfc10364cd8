/** Rows by which the width of each column is chosen; a later entry that is longer only pushes its own row. */
const measured = 200

export interface TableStream {
  add(row: readonly string[]): Promise<void>
  /** Writes what is left; without any row it says `nothing`. */
  end(nothing: string): Promise<void>
}

/** A table of any length: its first rows tell how wide it is, and nothing is kept of the others. */
export function streamTable(
  headings: readonly string[],
  write: (text: string) => Promise<void>,
): TableStream {
  const first: (readonly string[])[] = []
  let widths: readonly number[] | undefined
  const begin = async () => {
    const all = [headings.map((heading) => heading.toUpperCase()), ...first.splice(0)]
    const chosen = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
    widths = chosen
    await write(all.map((row) => line(row, chosen)).join(''))
  }
  return {
    async add(row) {
      if (widths) return write(line(row, widths))
      first.push(row)
      if (first.length === measured) await begin()
    },
    async end(nothing) {
      if (widths) return
      await (first.length > 0 ? begin() : write(`${nothing}\n`))
    },
  }
}

function line(row: readonly string[], widths: readonly number[]): string {
  const text = row.map((entry, column) => entry.padEnd(widths[column] ?? 0)).join('  ')
  return `${text.trimEnd()}\n`
}
