import { type AlertKind, DeliveryError, Stopping } from '../bridge/errors.ts'
import type { Flow } from '../bridge/events.ts'
import type { FailureReason } from '../bridge/message.ts'
import type { AttemptState, Taken } from './lanes.ts'
import { holdMs, nextDelayMs, nextPeaceMs } from './schedule.ts'

/** What follows a failed attempt. `error` is fit for the log. */
export type Verdict = { readonly status?: number; readonly error: string; readonly alert?: AlertKind } & (
  | GiveUp
  | { readonly do: 'retry' | 'hold' | 'stop'; readonly delayMs: number; readonly state: AttemptState }
  /** `all`: everything that shares the budget waits too. */
  | { readonly do: 'wait'; readonly all: boolean; readonly delayMs: number; readonly state: AttemptState }
)

interface GiveUp {
  readonly do: 'give-up'
  readonly kind: 'message' | 'expired' | 'uncertain'
  readonly reason: FailureReason
  /** It may have arrived all the same. */
  readonly inDoubt: boolean
}

/** LINE knows a retry key for 24 hours after its first use: https://developers.line.biz/en/docs/messaging-api/retrying-api-request/ */
const keyIsSafeMs = 23 * 3_600_000

/**
 * Can nobody find out any more whether it arrived? A repeat is harmless only while the platform remembers the key of the request;
 * later it would be taken for a new one. The contact centre's requests have no such key, and may be repeated at any time.
 */
export const isUncertain = (
  flow: Flow,
  state: { readonly inDoubt: boolean; readonly keyUsedAt: number | undefined },
  now: number,
): boolean =>
  flow === 'outbound' && state.inDoubt && state.keyUsedAt !== undefined && now - state.keyUsedAt >= keyIsSafeMs

/** What becomes of a message whose attempt must not even begin; see {@link isUncertain}. */
export function giveUpUncertain({ partsDone }: Pick<Taken, 'partsDone'>): Verdict {
  const beginning =
    partsDone === 0 ? '' : ` They have received its beginning (the first ${partsDone} of several parts).`
  const message =
    'It is not known whether the customer received this message, and it is too late to find out without sending it twice. ' +
    `Ask the customer before you send it again.${beginning}`
  return {
    do: 'give-up',
    kind: 'uncertain',
    reason: { code: 'general', message },
    inDoubt: true,
    error: 'The outcome of an earlier attempt is unknown, and its request can no longer be repeated safely.',
    alert: 'dead_letter',
  }
}

/**
 * Decides by the error's own word. Anything that is no {@link DeliveryError} is a bug of ours: the message is kept and tried again,
 * and as nobody knows how far it came, it may have arrived.
 */
export function judge(
  error: unknown,
  attempt: {
    readonly flow: Flow
    readonly taken: Pick<Taken, 'attempt' | 'inDoubt' | 'spentMs'>
    readonly random: number
  },
): Verdict {
  const { flow, taken, random } = attempt
  const { attempt: number, inDoubt, spentMs } = taken
  // Waiting is nobody's fault and spends no attempt.
  const unspent: AttemptState = { attempts: number - 1, inDoubt, spentMs }
  if (error instanceof Stopping) return { do: 'stop', error: error.message, delayMs: 0, state: unspent }

  const known = error instanceof DeliveryError
  const next = known ? error.next : ({ do: 'retry', mayHaveArrived: true } as const)
  const about = {
    error: known ? error.message : 'internal error',
    ...(known && error.status !== undefined && { status: error.status }),
  }
  /** The limit is the customer's own. One that never ends must not block what waits behind for ever. */
  function leaveInPeace(afterMs: number): Verdict {
    const delayMs = nextPeaceMs({ flow, afterMs, spentMs })
    if (delayMs === undefined) {
      return { ...about, do: 'give-up', kind: 'expired', reason: tooMany, inDoubt, ...alertOf(flow, {}) }
    }
    return { ...about, do: 'wait', all: false, delayMs, state: { ...unspent, spentMs: spentMs + delayMs } }
  }

  switch (next.do) {
    case 'give-up':
      return { ...about, do: 'give-up', kind: 'message', reason: next.reason, inDoubt, ...alertOf(flow, next) }
    case 'wait':
      if (next.only === undefined) return { ...about, do: 'wait', all: true, delayMs: next.afterMs, state: unspent }
      return leaveInPeace(next.afterMs)
    case 'hold':
      return { ...about, do: 'hold', delayMs: holdMs, state: unspent, alert: 'setup' }
    case 'retry': {
      const doubt = inDoubt || next.mayHaveArrived
      const delayMs = nextDelayMs({ flow, failed: number, spentMs, random })
      if (delayMs === undefined) {
        const reason = outOfPatience(flow, doubt)
        return { ...about, do: 'give-up', kind: 'expired', reason, inDoubt: doubt, ...alertOf(flow, {}) }
      }
      return {
        ...about,
        do: 'retry',
        delayMs,
        state: { attempts: number, inDoubt: doubt, spentMs: spentMs + delayMs },
      }
    }
  }
}

const tooMany: FailureReason = {
  code: 'rate_limited',
  message:
    'The customer’s messaging platform takes no more messages to this customer for now, because there were too many. ' +
    'Wait some minutes before you send it again.',
}

/** Nobody has to act on a receipt that was refused, nor on a customer who does not want to be reached. */
const alertOf = (
  flow: Flow,
  { reason, alert = 'dead_letter' }: { readonly reason?: FailureReason; readonly alert?: AlertKind },
): { readonly alert?: AlertKind } => (flow === 'receipts' || reason?.code === 'opted_out' ? {} : { alert })

/**
 * Counted from when a message became the head of its lane, in planned delays: what waited behind one that expired was not tried
 * yet, and gets its own time. During an outage of the platform it would else be lost without a single attempt.
 */
function outOfPatience(flow: Flow, inDoubt: boolean): FailureReason {
  const code = 'server_error'
  if (flow !== 'outbound') return { code, message: 'The contact centre could not be reached for 24 hours.' }
  const told = 'The customer’s messaging platform could not be reached for 15 minutes.'
  return inDoubt
    ? {
        code,
        message: `${told} The customer may have received this message all the same: ask before you send it again.`,
      }
    : { code, message: `${told} The customer has not received this message. Please send it again.` }
}
