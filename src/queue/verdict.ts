import { type AlertKind, DeliveryError, Stopping } from '../bridge/errors.ts'
import type { Flow } from '../bridge/events.ts'
import type { FailureReason } from '../bridge/message.ts'
import type { AttemptState, Taken } from './lanes.ts'
import { holdMs, nextDelayMs } from './schedule.ts'

/** What follows a failed attempt. `error` is fit for the log. */
export type Verdict = { readonly status?: number; readonly error: string; readonly alert?: AlertKind } & (
  | { readonly do: 'give-up'; readonly kind: 'message' | 'expired'; readonly reason: FailureReason }
  | {
      readonly do: 'retry' | 'wait' | 'hold' | 'stop'
      readonly delayMs: number
      readonly state: AttemptState
    }
)

/**
 * Decides by the error's own word. Anything that is no {@link DeliveryError} is a bug of ours: the message is kept and tried again,
 * and as nobody knows how far it came, it may have arrived.
 */
export function judge(
  error: unknown,
  attempt: { readonly flow: Flow; readonly taken: Taken; readonly random: number },
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
  switch (next.do) {
    case 'give-up':
      return { ...about, do: 'give-up', kind: 'message', reason: next.reason, ...alertOf(flow, next) }
    case 'wait':
      return { ...about, do: 'wait', delayMs: next.afterMs, state: unspent }
    case 'hold':
      return { ...about, do: 'hold', delayMs: holdMs, state: unspent, alert: 'setup' }
    case 'retry': {
      const delayMs = nextDelayMs({ flow, failed: number, spentMs, random })
      if (delayMs === undefined) {
        return { ...about, do: 'give-up', kind: 'expired', reason: outOfPatience(flow), ...alertOf(flow, {}) }
      }
      const state = { attempts: number, inDoubt: inDoubt || next.mayHaveArrived, spentMs: spentMs + delayMs }
      return { ...about, do: 'retry', delayMs, state }
    }
  }
}

/** Nobody has to act on a receipt that was refused, nor on a customer who does not want to be reached. */
const alertOf = (
  flow: Flow,
  { reason, alert = 'dead_letter' }: { readonly reason?: FailureReason; readonly alert?: AlertKind },
): { readonly alert?: AlertKind } => (flow === 'receipts' || reason?.code === 'opted_out' ? {} : { alert })

const outOfPatience = (flow: Flow): FailureReason => ({
  code: 'server_error',
  message:
    flow === 'outbound'
      ? 'The customer’s messaging platform could not be reached for 15 minutes. Send the message again.'
      : 'The contact centre could not be reached for 24 hours.',
})
