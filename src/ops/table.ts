/** East Asian wide characters take two columns of a terminal. https://www.unicode.org/reports/tr11/ */
const wide = /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/

const segments = new Intl.Segmenter()

/** Columns that a text takes. Marks above and below a letter take none, as in Thai. */
export const widthOf = (text: string): number =>
  [...segments.segment(text)].reduce((sum, { segment }) => sum + (wide.test(segment) ? 2 : 1), 0)

/** What would move a terminal's cursor, or hide something, is shown as a space. */
const plain = (text: string): string => text.replace(/\p{C}+/gu, ' ')

/**
 * A table of aligned columns for people to read; the last column is not padded.
 * @param head the columns' names
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows.map((row) => row.map(plain))]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
