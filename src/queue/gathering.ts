/** The store did not answer in time. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
}

interface Waiting<Entry, Answer> {
  readonly entries: readonly Entry[]
  /** By `performance.now()`. */
  readonly deadline: number
  readonly done: (answers: readonly Answer[]) => void
  readonly failed: (error: unknown) => void
}

/** So many bodies are worth a call of their own; fewer wait until the end of the event loop's turn. */
const bodiesPerCall = 25

/** While the store works on one call, the process answers another one's senders, and reads what is for the next. */
const callsAtOnce = 3

/** One script call should not block Redis for long, however many webhooks gather. */
const entriesPerCall = 1_000

/**
 * Lets bodies that come at the same time go to the store in one call, whole and in the order in which they came. Calls are small
 * and overlap: were everything gathered into one, the process would be idle while the store works, and the store while the process
 * does.
 * @param settings.send stores entries, and answers in their order
 * @param settings.timeoutMs how long a body may wait
 * @returns sends one body's entries. Rejects with {@link NotSent} after the time-out, and with the store's own error
 */
export function createGathering<Entry, Answer>(settings: {
  readonly send: (entries: readonly Entry[]) => Promise<readonly Answer[]>
  readonly timeoutMs: number
}): (entries: readonly Entry[]) => Promise<readonly Answer[]> {
  const { send, timeoutMs } = settings
  type Body = Waiting<Entry, Answer>
  // Lists, because sets that are filled and emptied all the time make the garbage collector keep what was in them.
  let gathered: Body[] = []
  let underWay: (readonly Body[])[] = []
  let planned = false
  let watching = false

  function next(): void {
    if (underWay.length >= callsAtOnce || gathered.length === 0) return
    if (gathered.length >= bodiesPerCall) void call()
    else if (!planned) {
      planned = true
      setImmediate(atEndOfTurn)
    }
  }

  function atEndOfTurn(): void {
    planned = false
    if (underWay.length < callsAtOnce && gathered.length > 0) void call()
  }

  /** Never rejects. */
  async function call(): Promise<void> {
    const batch = takeBatch()
    underWay.push(batch)
    try {
      const answers = await send(
        batch.length === 1 && batch[0] ? batch[0].entries : batch.flatMap((body) => body.entries),
      )
      let from = 0
      for (const { entries, done } of batch) {
        done(answers.slice(from, from + entries.length))
        from += entries.length
      }
    } catch (error) {
      for (const { failed } of batch) failed(error)
    }
    underWay = underWay.filter((other) => other !== batch)
    next()
  }

  /** The next bodies, whole, as many as fit one call. */
  function takeBatch(): readonly Body[] {
    let size = 0
    const left = gathered.findIndex(({ entries }, index) => {
      size += entries.length
      return index > 0 && size > entriesPerCall
    })
    const batch = left === -1 ? gathered : gathered.slice(0, left)
    gathered = left === -1 ? [] : gathered.slice(left)
    return batch
  }

  /** One timer for all. Senders are told to try again: while the store hangs, their bodies must not pile up. */
  function expire(): void {
    const now = performance.now()
    const isDue = ({ deadline }: Body) => deadline <= now
    for (const body of [...underWay.flat(), ...gathered].filter(isDue))
      body.failed(new NotSent('Redis did not answer in time.'))
    gathered = gathered.filter((body) => !isDue(body))
    const waiting = [...underWay.flat().filter((body) => !isDue(body)), ...gathered]
    const soonest = Math.min(...waiting.map(({ deadline }) => deadline))
    watching = waiting.length > 0
    if (watching) setTimeout(expire, Math.max(1, soonest - now)).unref()
  }

  return (entries) =>
    new Promise((done, failed) => {
      gathered.push({ entries, deadline: performance.now() + timeoutMs, done, failed })
      if (!watching) setTimeout(expire, timeoutMs).unref()
      watching = true
      next()
    })
}
