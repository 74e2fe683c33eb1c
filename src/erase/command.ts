import { parseArgs } from 'node:util'

/** What `npm run erase -- --help` prints. */
export const eraseUsage = `Removes every text, file, profile and payload of one customer, and prints what it removed.

  npm run erase -- --channel NAME --user ID

  --channel NAME   as in the configuration file
  --user ID        the customer's id on the channel: for LINE, U (a group: C, a room: R) and 32 hex digits
  --reason TEXT    for the audit line, such as a ticket's number
  --json           the same as one line of JSON
  --help           this text

It reads the same configuration as the bridge (bridge.config.yaml or BRIDGE_CONFIG, .env), and works whether the bridge
runs or not. With a private Redis, run it in the folder and as the user that the bridge runs in and as. It may be run again.

Exit code: 0 all is removed, or nothing was there; 1 it failed, or a message is still being delivered: run it again;
2 wrong usage; 78 wrong configuration. One audit line (operator.acted) goes to stderr.
`

/** The command line was wrong; the message says how. */
export class EraseUsageError extends Error {
  override readonly name = 'EraseUsageError'
}

/** What is to be done. */
export interface EraseOrder {
  readonly channel: string
  readonly user: string
  readonly reason: string | undefined
  readonly json: boolean
}

const options = {
  channel: { type: 'string' },
  user: { type: 'string' },
  reason: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const longestReason = 200

function read(given: readonly string[]) {
  try {
    return parseArgs({ args: [...given], options }).values
  } catch (error) {
    throw new EraseUsageError(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Reads a command line; undefined for `--help`.
 * @throws {EraseUsageError}
 */
export function readOrder(given: readonly string[]): EraseOrder | undefined {
  const { channel, user, reason, json, help } = read(given)
  if (help) return undefined
  if (!channel) throw new EraseUsageError('Say which channel: --channel NAME.')
  if (!user?.trim()) throw new EraseUsageError('Say which customer: --user ID.')
  return { channel, user: user.trim(), reason: reason?.slice(0, longestReason), json }
}
