import type { Reach, Unit } from '../lines/line.ts'
import type { MeasuredTable, Row } from '../measure.ts'

/** The table as people read it. */
export function textTable({ title, columns, rows, failures }: MeasuredTable): string {
  const heading = ['', ...columns.map((column) => column.name), 'ratio', 'to reach', '']
  const body = rows.map((row) => [
    `${row.metric.label}, ${row.metric.unit}`,
    ...columns.map(({ key }) => figure(row.figures[key], row.metric.unit)),
    row.ratio === undefined ? '–' : `${significant(row.ratio)}×`,
    goal(row.metric.reach),
    verdict(row),
  ])
  const lines = [title, '', ...aligned([heading, ...body])]
  for (const failure of failures)
    lines.push('', `FAILED ${failure.line}, ${failure.product}: ${failure.reason}`)
  return lines.join('\n')
}

function aligned(cells: readonly (readonly string[])[]): string[] {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  return cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

function figure(value: number | undefined, unit: Unit): string {
  if (value === undefined || Number.isNaN(value)) return 'failed'
  switch (unit) {
    case '/s':
      return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')
    case 's':
    case 'CPU s/GiB':
      return value.toFixed(2)
    case 'ms':
      return value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0)
    case 'MiB':
      return value.toFixed(0)
  }
}

function goal(reach: Reach | undefined): string {
  if (!reach) return ''
  return 'below' in reach ? `< ${reach.below}` : `${reach.ratio}×`
}

function verdict({ reached }: Row): string {
  if (reached === undefined) return ''
  return reached ? 'reached' : 'NOT REACHED'
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 10 ? 3 : 2)
}
