import type { Attempt, Tale } from './tale.ts'

/** One line of a message's log; the time counts from when the message was written. */
export interface LogLine {
  readonly afterMs?: number
  readonly text: string
  readonly tone?: 'bad' | 'wait'
  /** A value between `text` and `rest`, shortened for the eye. */
  readonly code?: { readonly short: string; readonly full: string }
  readonly rest?: string
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 && ms % 1000 !== 0 ? 1 : 0)} s`

const waits = (attempt: Attempt) => (attempt.retryInMs === undefined ? '' : ` ${seconds(attempt.retryInMs)}`)

/** An attempt in words. `far` is the platform that was asked, `what` names the request when it is not the message itself. */
function attemptLine(attempt: Attempt, far: string, what: string): Omit<LogLine, 'afterMs'> {
  const { status, outcome } = attempt
  const answer = status === undefined ? 'no answer' : `${far} ${status}`
  switch (outcome) {
    case 'delivered':
      return status === 409
        ? { text: `${what}: ${answer}, it already has this one. Shown once` }
        : { text: `${what}: ${answer}` }
    case 'retry':
      return status === undefined
        ? { text: `${what}: connection lost. Did it arrive? Asks again with the same key`, tone: 'bad' }
        : { text: `${what}: ${answer}, will try again`, tone: 'bad' }
    case 'wait':
      return { text: `${answer}: waits${waits(attempt)}, no attempt spent`, tone: 'wait' }
    case 'hold':
      return { text: `${answer}: the set-up needs mending, keeps its place`, tone: 'bad' }
    case 'give-up':
      return { text: `${what}: ${answer}, given up`, tone: 'bad' }
  }
}

function webhookLines(tale: Tale): LogLine[] {
  const near = tale.direction === 'inbound' ? 'LINE' : 'Genesys'
  return tale.webhooks.map((post) => {
    const afterMs = Math.max(0, post.at - tale.at)
    const isTaken = post.status !== undefined && post.status < 300
    if (isTaken) return { afterMs, text: `webhook from ${near}: signature right, stored, answered ${post.status}` }
    return { afterMs, text: `webhook from ${near}: ${post.status ?? 'no answer'}, ${near} sends it again`, tone: 'bad' }
  })
}

function receiptLines(tale: Tale): LogLine[] {
  const retries = tale.receiptAttempts
    .filter((attempt) => attempt.outcome !== 'delivered')
    .map((attempt) => ({ afterMs: attempt.at - tale.at, ...attemptLine(attempt, 'Genesys', 'receipt') }))
  if (tale.toldAt === undefined) return retries
  const text =
    tale.direction === 'inbound'
      ? 'Genesys receipt: Published'
      : `receipt to Genesys: ${[tale.receipt?.status, ...(tale.receipt?.reasons ?? []).map((one) => one.code)].join(', ')}`
  return [...retries, { afterMs: tale.toldAt - tale.at, text }]
}

function keyLine(tale: Tale): LogLine[] {
  const [key, ...others] = tale.retryKeys
  if (key === undefined) return []
  const rest =
    others.length > 0
      ? ` and ${others.length} more, one a push`
      : tale.attempts.length > 1
        ? ', the same on every attempt'
        : ''
  return [{ text: 'retry key ', code: { short: `${key.slice(0, 4)}…${key.slice(-4)}`, full: key }, rest }]
}

/** Everything that happened to a message, in order; the retry key last, as it never changes. */
export function logOf(tale: Tale): LogLine[] {
  const far = tale.direction === 'inbound' ? 'Genesys' : 'LINE'
  const attempts = tale.attempts.map((attempt) => ({
    afterMs: Math.max(0, attempt.at - tale.at),
    ...attemptLine(attempt, far, `attempt ${attempt.attempt}`),
  }))
  const ending: LogLine[] = tale.failed
    ? [{ afterMs: tale.failed.at - tale.at, text: tale.failed.reason, tone: 'bad' }]
    : []
  const timed = [...webhookLines(tale), ...attempts, ...ending, ...receiptLines(tale)]
  // Sorting is stable: lines of the same millisecond keep the order of cause and effect.
  return [...timed.sort((a, b) => (a.afterMs ?? 0) - (b.afterMs ?? 0)), ...keyLine(tale)]
}
