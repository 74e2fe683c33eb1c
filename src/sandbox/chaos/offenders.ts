import type { LinePlatform } from '../platforms.ts'
import { brands } from './brands.ts'
import { keyOf, type Tracked } from './history.ts'
import type { MessageHistory, Verdict } from './judge.ts'
import { type Bringing, outcomeOf } from './outcomes.ts'

/** How many messages of each fault are described. */
const most = 10

/** A message that went wrong, with all that was seen of it, and its neighbours in the conversation. Times are ms since the epoch. */
export interface Offender {
  readonly wrong: string
  readonly message: unknown
  readonly requests: readonly unknown[]
  readonly neighbours: readonly unknown[]
}

export const brandOf = ({ account }: Pick<Tracked, 'account'>): string => brands[account]?.channel ?? ''

/** Describes the first few of each fault, for whoever looks for the cause in the logs. */
export function describeOffenders(run: {
  readonly verdict: Verdict
  readonly all: readonly Tracked[]
  readonly bringings: ReadonlyMap<string, readonly Bringing[]>
  readonly line: LinePlatform
  readonly deaths: Parameters<typeof outcomeOf>[1]
}): readonly Offender[] {
  const { verdict, all, bringings, line, deaths } = run
  const byPlace = new Map(all.map((one) => [placeOf(one), one]))

  const toGenesys = (one: Tracked) =>
    (bringings.get(keyOf(brandOf(one), one.id)) ?? []).map((bringing) => ({
      ...bringing.request.connection,
      at: bringing.request.at,
      status: bringing.request.status,
      taken: bringing.request.accepted,
      answeredAt: bringing.answeredAt,
      outcome: outcomeOf(bringing, deaths),
    }))
  const toLine = (one: Tracked) => {
    const key = new Set(
      line.pushes
        .filter(({ messages }) => messages.some(({ message }) => String(message.text).startsWith(`${nameOf(one)}`)))
        .map(({ retryKey }) => retryKey),
    )
    return line.requests
      .filter(({ endpoint, headers }) => endpoint === 'push' && key.has(String(headers['x-line-retry-key'])))
      .map(({ at, status, accepted, headers, connection }) => ({
        ...connection,
        at,
        status,
        taken: accepted,
        retryKey: headers['x-line-retry-key'],
      }))
  }

  return Object.entries(verdict.wrong).flatMap(([wrong, messages]) =>
    messages.slice(0, most).map((message) => {
      const own = byPlace.get(placeOf(message))
      const near = [-2, -1, 1, 2].flatMap(
        (step) => byPlace.get(placeOf({ ...message, number: message.number + step })) ?? [],
      )
      return {
        wrong,
        message: own && plain(own),
        requests: own ? (own.flow === 'inbound' ? toGenesys(own) : toLine(own)) : [],
        neighbours: near.map(plain),
      }
    }),
  )
}

const placeOf = ({ flow, conversation, number }: Pick<MessageHistory, 'flow' | 'conversation' | 'number'>): string =>
  `${flow} ${conversation} ${number}`

const nameOf = ({ account, customer, flow, number }: Tracked): string =>
  `${brands[account]?.code} customer ${customer} ${flow} ${number}`

const plain = ({ seen: _, ...message }: Tracked) => message
