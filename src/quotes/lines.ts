/** Of whom, the id of the message, its text. */
export type Kept = readonly [user: string, id: string, text: string]

/** A text as it is kept, a line of its own. */
export const writeLine = (user: string, id: string, text: string): string => `${JSON.stringify([user, id, text])}\n`

const isKept = (value: unknown): value is Kept =>
  Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === 'string')

function readLine(line: string): Kept | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isKept(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The text that was kept last of that message. Lines that do not hold the id are not read. */
export function findIn(lines: string, user: string, id: string): string | undefined {
  if (!lines.includes(id)) return undefined
  for (const line of lines.split('\n').reverse()) {
    const kept = line.includes(id) ? readLine(line) : undefined
    if (kept && kept[0] === user && kept[1] === id) return kept[2]
  }
  return undefined
}

/** The lines without what is doomed, and how many were. Lines that cannot be read go as well. */
export function without(
  lines: string,
  isDoomed: (kept: Kept) => boolean,
): { readonly left: string; readonly removed: number } {
  let left = ''
  let removed = 0
  for (const line of lines.split('\n')) {
    const kept = readLine(line)
    if (!kept) continue
    if (isDoomed(kept)) removed += 1
    else left += `${line}\n`
  }
  return { left, removed }
}
