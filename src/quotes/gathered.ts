import { fileName, shardCount, shardOf } from './places.ts'

/** What waits to be written is limited; what comes beyond that is not kept. */
const maxBytes = 4_000_000
const firstBytes = 1_024
/** A buffer that has grown beyond this in a busy moment is not kept for the next one. */
const mostKeptBytes = 65_536
/** No character takes more bytes of UTF-8 for one UTF-16 unit. */
const bytesPerUnit = 3

/** The lines that wait for one file. */
interface Sheet {
  readonly file: string
  bytes: Buffer
  length: number
}

/** The lines that wait to be written, by the file into which they go. */
export interface Gathered {
  /** False when there is no room. */
  add(channel: string, user: string, line: string): boolean
  /** The lines of a customer's file, those of others among them. */
  linesOf(channel: string, user: string): string
  /** Puts other lines in their place. */
  replace(channel: string, user: string, lines: string): void
  /** Takes all lines out. */
  take(): readonly { readonly file: string; readonly lines: string }[]
}

/**
 * Lines lie as bytes outside of the heap: as objects they would outlive the garbage collector's first rounds, of which the
 * bridge makes several a second when it is busy, and cost more there than all the rest of their way.
 */
export function createGathered(): Gathered {
  const byChannel = new Map<string, (Sheet | undefined)[]>()
  let total = 0

  function sheetOf(channel: string, user: string): Sheet {
    const sheets = byChannel.get(channel) ?? new Array<Sheet | undefined>(shardCount).fill(undefined)
    if (!byChannel.has(channel)) byChannel.set(channel, sheets)
    const shard = shardOf(user)
    sheets[shard] ??= { file: fileName(channel, shard), bytes: Buffer.allocUnsafeSlow(firstBytes), length: 0 }
    return sheets[shard]
  }

  function write(sheet: Sheet, lines: string): void {
    const needed = sheet.length + lines.length * bytesPerUnit
    if (needed > sheet.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * sheet.bytes.length))
      sheet.bytes.copy(larger, 0, 0, sheet.length)
      sheet.bytes = larger
    }
    const written = sheet.bytes.write(lines, sheet.length)
    sheet.length += written
    total += written
  }

  const textOf = ({ bytes, length }: Sheet): string => bytes.toString('utf8', 0, length)

  function empty(sheet: Sheet): void {
    total -= sheet.length
    sheet.length = 0
    if (sheet.bytes.length > mostKeptBytes) sheet.bytes = Buffer.allocUnsafeSlow(firstBytes)
  }

  return {
    add(channel, user, line) {
      if (total >= maxBytes) return false
      write(sheetOf(channel, user), line)
      return true
    },
    linesOf: (channel, user) => textOf(sheetOf(channel, user)),
    replace(channel, user, lines) {
      const sheet = sheetOf(channel, user)
      empty(sheet)
      write(sheet, lines)
    },
    take() {
      const taken: { readonly file: string; readonly lines: string }[] = []
      for (const sheets of byChannel.values())
        for (const sheet of sheets) {
          if (!sheet || sheet.length === 0) continue
          taken.push({ file: sheet.file, lines: textOf(sheet) })
          empty(sheet)
        }
      return taken
    },
  }
}
