import { parseArgs } from 'node:util'
import type { Direction } from '../bridge/message.ts'

/** What `npm run ops -- --help` prints. */
export const opsUsage = `Looks after a running bridge from a terminal.

  npm run ops -- channels                               how every channel stands
  npm run ops -- find ID                                the timelines of the messages that ID belongs to
  npm run ops -- dead-letters list                      messages that were given up
  npm run ops -- dead-letters show ID                   one of them; --content shows what was written
  npm run ops -- dead-letters replay ID… --because WHY  delivers them again, in order, never twice
  npm run ops -- dead-letters discard ID… --because WHY gives them up for good
  npm run ops -- pause CHANNEL DIRECTION --because WHY  stops deliveries; messages wait in order
  npm run ops -- resume CHANNEL DIRECTION --because WHY lets them go on

  find takes a LINE user id, LINE message id, webhook event id, Genesys message id, conversation id,
  the other platform's message id, or a LINE retry key. DIRECTION is inbound or outbound.

Which dead letters (list, replay, discard)
  --channel NAME        of this channel
  --direction DIRECTION of this direction
  --reason-code CODE    given up for this reason, a code such as invalid_message that list shows
  --all                 replay, discard: every one there is
  --limit N             list: at most so many (default 100)
  --confirm-uncertain   replay, discard: also those of which nobody knows whether they arrived;
                        the customer may get them twice

Changes
  --because WHY         why you do it, in your own words; stands in the bridge's log with your login

Everywhere
  --json                prints JSON, for scripts
  --url URL             the bridge; default: BRIDGE_URL, else this machine at server.port of the configuration
  --help                this text

The login is BRIDGE_ADMIN_USERNAME and BRIDGE_ADMIN_PASSWORD, else admin of the configuration
(bridge.config.yaml, or the file that BRIDGE_CONFIG names). Variables may stand in .env.
Ends with 0 when all was done, 1 when something was refused, skipped or not found, 2 for a wrong command line.
`

/** The command line was wrong; the message says how. */
export class OpsUsageError extends Error {
  override readonly name = 'OpsUsageError'
}

/** Which dead letters; `reason` is a reason's code. */
export interface Filter {
  readonly channel?: string
  readonly direction?: Direction
  readonly reason?: string
}

/** What is to be done. */
export type Command =
  | { readonly do: 'channels' }
  | { readonly do: 'find'; readonly id: string }
  | { readonly do: 'list'; readonly filter: Filter; readonly limit: number }
  | { readonly do: 'show'; readonly id: string; readonly content: boolean }
  | {
      readonly do: 'replay' | 'discard'
      readonly chosen: { readonly ids: readonly string[] } | { readonly filter: Filter }
      readonly because: string
      readonly confirmUncertain: boolean
    }
  | {
      readonly do: 'pause' | 'resume'
      readonly channel: string
      readonly direction: Direction
      readonly because: string
    }

/** A command line that was understood. */
export interface CommandLine {
  readonly command: Command
  readonly json: boolean
  readonly url: string | undefined
}

const options = {
  channel: { type: 'string' },
  direction: { type: 'string' },
  'reason-code': { type: 'string' },
  reason: { type: 'string' },
  all: { type: 'boolean', default: false },
  limit: { type: 'string' },
  content: { type: 'boolean', default: false },
  because: { type: 'string' },
  'confirm-uncertain': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  url: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Option = keyof typeof options

function split(given: readonly string[]) {
  try {
    return parseArgs({ args: [...given], options, allowPositionals: true })
  } catch (error) {
    throw new OpsUsageError(error instanceof Error ? error.message : String(error))
  }
}

type Values = ReturnType<typeof split>['values']

const everywhere: readonly Option[] = ['json', 'url', 'help']
const choosing: readonly Option[] = ['channel', 'direction', 'reason-code']

/** What each command takes besides words. */
const optionsOf: Readonly<Record<Command['do'], readonly Option[]>> = {
  channels: [],
  find: [],
  list: [...choosing, 'reason', 'limit'],
  show: ['content'],
  replay: [...choosing, 'all', 'because', 'confirm-uncertain'],
  discard: [...choosing, 'all', 'because', 'confirm-uncertain'],
  pause: ['because'],
  resume: ['because'],
}

/**
 * An option that would be ignored is a misunderstanding, and with a change it may be a costly one. Comes before anything
 * that is missing: who wrote `--reason` should not be told to add `--because`, but that the two differ.
 */
function refuseStray(what: Command['do'], values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    const option = name as Option
    if (value === undefined || value === false) continue
    if (everywhere.includes(option) || optionsOf[what].includes(option)) continue
    if (option === 'reason')
      throw new OpsUsageError(
        '--reason can mean two things: --reason-code CODE chooses dead letters, --because WHY says why you do it.',
      )
    throw new OpsUsageError(`${what} takes no --${name}.`)
  }
}

function readDirection(word: string): Direction {
  if (word !== 'inbound' && word !== 'outbound')
    throw new OpsUsageError(`A direction is inbound or outbound, not ${word}.`)
  return word
}

function readFilter({ channel, direction, reason, 'reason-code': code = reason }: Values): Filter {
  return {
    ...(channel !== undefined && { channel }),
    ...(direction !== undefined && { direction: readDirection(direction) }),
    ...(code !== undefined && { reason: code }),
  }
}

function readBecause({ because }: Values): string {
  if (because === undefined || because.trim() === '')
    throw new OpsUsageError('Say why: --because "the integration was mended". It stands in the log.')
  return because.trim()
}

function readChosen(ids: readonly string[], values: Values): { ids: readonly string[] } | { filter: Filter } {
  const filter = readFilter(values)
  const ways = [ids.length > 0, values.all, Object.keys(filter).length > 0].filter(Boolean).length
  if (ways === 0) throw new OpsUsageError('Say which: ids, or --channel, --direction, --reason-code, or --all.')
  if (ways > 1)
    throw new OpsUsageError('Ids, --all and a choice by --channel, --direction or --reason-code exclude each other.')
  return ids.length > 0 ? { ids } : { filter }
}

function readLimit({ limit = '100' }: Values): number {
  if (!/^[1-9]\d{0,6}$/.test(limit)) throw new OpsUsageError('--limit is a number from 1 on.')
  return Number(limit)
}

/** The commands by their words; each gets the words that follow. */
function readCommand(words: readonly string[], values: Values): Command {
  const [first, ...rest] = words
  switch (first) {
    case 'channels':
      return only({ do: 'channels' }, rest, 0)
    case 'find':
      return only({ do: 'find', id: rest[0]?.trim() || needed('find', 'an id') }, rest, 1)
    case 'pause':
    case 'resume': {
      refuseStray(first, values)
      const channel = rest[0] ?? needed(first, 'a channel and a direction')
      const direction = readDirection(rest[1] ?? needed(first, 'a direction'))
      return only({ do: first, channel, direction, because: readBecause(values) }, rest, 2)
    }
    case 'dead-letters':
      return readDeadLetters(rest, values)
    case undefined:
      throw new OpsUsageError('Say what to do.')
    default:
      throw new OpsUsageError(`There is no command ${first}.`)
  }
}

function readDeadLetters([what, ...rest]: readonly string[], values: Values): Command {
  switch (what) {
    case 'list':
      return only({ do: 'list', filter: readFilter(values), limit: readLimit(values) }, rest, 0)
    case 'show':
      return only({ do: 'show', id: rest[0] ?? needed('show', 'an id'), content: values.content }, rest, 1)
    case 'replay':
    case 'discard':
      refuseStray(what, values)
      return {
        do: what,
        chosen: readChosen(rest, values),
        because: readBecause(values),
        confirmUncertain: values['confirm-uncertain'],
      }
    default:
      throw new OpsUsageError('dead-letters is followed by list, show, replay or discard.')
  }
}

function needed(command: string, what: string): never {
  throw new OpsUsageError(`${command} needs ${what}.`)
}

function only<C extends Command>(command: C, words: readonly string[], count: number): C {
  if (words.length > count) throw new OpsUsageError(`${words[count]} is one word too many.`)
  return command
}

/**
 * Reads a command line; undefined for `--help`.
 * @throws {OpsUsageError}
 */
export function readCommandLine(given: readonly string[]): CommandLine | undefined {
  const { values, positionals } = split(given)
  if (values.help) return undefined
  const command = readCommand(positionals, values)
  refuseStray(command.do, values)
  if (values.url !== undefined && !isWebAddress(values.url))
    throw new OpsUsageError('--url is not an http or https address.')
  return { command, json: values.json, url: values.url }
}

/** An address that a bridge can have. */
export const isWebAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
