import { median, ratio } from './statistics.ts'

/** Whether a figure is where it should be. */
export interface Target {
  /** As people read it: `ratio ≥ 1.3`. */
  readonly text: string
  readonly held: boolean
}

/** One line of the result. */
export interface Row {
  readonly figure: string
  readonly what: string
  readonly unit: string
  /** One value of the bridge for each repetition. */
  readonly ours: readonly number[]
  /** One value of the bare reference for each repetition, if there is one. */
  readonly reference?: readonly number[]
  /** Absent: for information only. */
  readonly target?: Target
}

type Values = Pick<Row, 'ours' | 'reference'>

/** @returns the median of the pairs' ratios; NaN without a reference */
export const ratioOf = ({ ours, reference }: Values): number => (reference ? ratio(ours, reference) : Number.NaN)

/** The ratio of the bridge to its reference must reach, or not exceed, a limit. */
export const ratioTarget = (values: Values, compare: '≥' | '≤', limit: number): Target => {
  const found = ratioOf(values)
  return { text: `ratio ${compare} ${limit}`, held: compare === '≥' ? found >= limit : found <= limit }
}

/** The bridge's median must not exceed a limit. */
export const atMost = (values: Values, limit: number, unit: string): Target => ({
  text: `≤ ${limit} ${unit}`,
  held: median(values.ours) <= limit,
})

/** Either of two targets is enough. */
export const either = (one: Target, other: Target): Target => ({
  text: `${one.text} or ${other.text}`,
  held: one.held || other.held,
})

/** A number with as many digits as are of interest. */
export function rounded(value: number): string {
  if (Number.isNaN(value)) return '–'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const titles = ['figure', 'what', 'bridge', 'reference', 'ratio', 'target', ''] as const

const cellsOf = (row: Row): string[] => [
  row.figure,
  row.what,
  `${rounded(median(row.ours))} ${row.unit}`,
  row.reference ? `${rounded(median(row.reference))} ${row.unit}` : '–',
  rounded(ratioOf(row)),
  row.target?.text ?? '–',
  row.target ? (row.target.held ? 'held' : 'NOT HELD') : '',
]

/** The rows in columns, for a terminal. */
export function textTable(rows: readonly Row[]): string {
  const lines = [[...titles], ...rows.map(cellsOf)]
  const widths = titles.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  const drawn = lines.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column >= 2 && column <= 4 ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
  return `${drawn.join('\n')}\n`
}

/** The rows as a table of Markdown. */
export function markdownTable(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rules = titles.map((_, column) => (column >= 2 && column <= 4 ? '---:' : '---'))
  return `${[line(titles), line(rules), ...rows.map((row) => line(cellsOf(row)))].join('\n')}\n`
}
