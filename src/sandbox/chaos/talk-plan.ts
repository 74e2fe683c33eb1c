import { createRandom } from './random.ts'

/** What is said in a run. Numbers count within a conversation and direction, from 1. */
export interface TalkPlan {
  /** How long new messages are begun. */
  readonly durationMs: number
  /** Of each account. */
  readonly customers: number
  /** In the order of their times. */
  readonly steps: readonly TalkStep[]
}

/** What a customer, or an agent to a customer, says in one go. */
export interface TalkStep {
  readonly atMs: number
  readonly flow: 'inbound' | 'outbound'
  /** 0 or 1: which of the two accounts. */
  readonly account: number
  readonly customer: number
  readonly webhooks: readonly PlannedWebhook[]
  /** Each webhook begins when the one before was answered 200, and so does the next step; otherwise all begin at once. */
  readonly patient: boolean
}

/** One webhook body. */
export interface PlannedWebhook {
  /** LINE puts several events into one body; Genesys never does. */
  readonly messages: readonly { readonly number: number; readonly pieces: number }[]
  /** The same body again, at the same time. */
  readonly copies: number
  /** The same body again, so long after. */
  readonly againAfterMs?: number
}

/** Two pushes of LINE: five message objects go into the first. */
const piecesOfLongText = 7

/**
 * Plans messages so that an account has busy customers and quiet ones, and half of all messages go each way.
 * @param request.perSecond how many messages begin in a second, on average
 */
export function planTalk(request: {
  readonly seed: string
  readonly messages: number
  readonly perSecond: number
}): TalkPlan {
  const { messages, perSecond } = request
  const random = createRandom(`${request.seed} talk`)
  const durationMs = Math.ceil((messages / perSecond) * 1000)
  const customers = Math.min(100, Math.max(8, Math.round(messages / 200)))
  const numbers = new Map<string, number>()

  const message = (key: string, flow: TalkStep['flow']) => {
    const number = (numbers.get(key) ?? 0) + 1
    numbers.set(key, number)
    return { number, pieces: flow === 'outbound' && random.chance(0.01) ? piecesOfLongText : 1 }
  }
  const webhook = (key: string, flow: TalkStep['flow'], events: number): PlannedWebhook => ({
    messages: Array.from({ length: events }, () => message(key, flow)),
    copies: random.chance(0.04) ? random.whole(1, 2) : 0,
    ...(random.chance(0.04) && { againAfterMs: random.whole(300, 8_000) }),
  })

  const steps: TalkStep[] = []
  for (const flow of ['inbound', 'outbound'] as const) {
    let left = flow === 'inbound' ? Math.ceil(messages / 2) : Math.floor(messages / 2)
    while (left > 0) {
      const account = random.whole(0, 1)
      // The square makes the first ones busy.
      const customer = Math.floor(random.next() ** 2 * customers)
      const inOneBody = flow === 'inbound' && random.chance(0.2)
      const several = inOneBody || random.chance(0.35) ? Math.min(left, random.whole(2, 4)) : 1
      const key = `${flow} ${account} ${customer}`
      steps.push({
        atMs: 0,
        flow,
        account,
        customer,
        webhooks: inOneBody
          ? [webhook(key, flow, several)]
          : Array.from({ length: several }, () => webhook(key, flow, 1)),
        patient: random.chance(0.65),
      })
      left -= several
    }
  }
  // The numbers of a conversation rise with its times, so times are dealt out in the order in which the steps were made.
  const flows = Map.groupBy(steps, ({ flow }) => flow)
  const timed = [...flows.values()].flatMap((ofFlow) => {
    const times = ofFlow.map(() => random.whole(0, durationMs)).sort((one, other) => one - other)
    return ofFlow.map((step, index) => ({ ...step, atMs: times[index] ?? 0 }))
  })
  return { durationMs, customers, steps: timed.sort((one, other) => one.atMs - other.atMs) }
}
