import type { Rewrite } from '../lib/redis-history.ts'
import type { Person } from '../queue/erase.ts'
import type { Erasure } from './erase.ts'

/** Something of the person that stays, and why. */
export interface KeptLine {
  readonly what: string
  readonly label: string
  readonly count: number
  readonly why: string
}

/** Everything that `npm run erase` tells; with `--json`, exactly this. */
export interface ErasureReport extends Person, Erasure {
  readonly kept: readonly KeptLine[]
  readonly appendOnlyFile: Rewrite
}

const columns = { label: 34, count: 8 }

const size = (bytes: number): string => {
  if (bytes < 1_000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

const row = (label: string, count: number, more = ''): string =>
  `  ${label.padEnd(columns.label)}${String(count).padStart(columns.count)}${more && `   ${more}`}`

const history: Readonly<Record<Rewrite, string>> = {
  rewritten: "Redis' append-only file was written anew, so that it holds no more than Redis itself.",
  off: 'Redis keeps no append-only file.',
  refused:
    'Redis did not write its append-only file anew: what was removed can be read in it until it does (command BGREWRITEAOF).',
  late: 'Redis is still writing its append-only file anew: until it has, what was removed can be read in the old one.',
}

/** A report as people read it; never holds texts. */
export function reportText({ channel, user, removed, kept, underWay, appendOnlyFile }: ErasureReport): string {
  const nothing = removed.every(({ count }) => count === 0)
  const lines = [
    nothing ? `Nothing was found of ${user} on ${channel}.` : `Removed of ${user} on ${channel}:`,
    ...removed.map(({ label, count, bytes }) => row(label, count, bytes ? size(bytes) : '')),
    'Kept:',
    ...kept.map(({ label, count, why }) => row(label, count, why)),
    history[appendOnlyFile],
    'Backups and snapshots of Redis and of the media folder, and what the platforms themselves keep, are not touched.',
  ]
  if (underWay > 0)
    lines.push(
      `${underWay} ${underWay === 1 ? 'message is' : 'messages are'} being delivered right now and may still arrive. Run this again.`,
    )
  return lines.join('\n')
}
