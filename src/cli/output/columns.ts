/** Rows of two, the second column aligned and wrapped to the width. */
export function columns(rows: readonly (readonly [string, string])[], width = 100): string {
  const first = Math.max(...rows.map(([left]) => left.length)) + 2
  return rows.map(([left, right]) => row(left, right, first, width)).join('\n')
}

function row(left: string, right: string, first: number, width: number): string {
  const lines = wrap(right, width - first - 2)
  return lines.map((line, index) => `  ${(index === 0 ? left : '').padEnd(first)}${line}`).join('\n')
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
