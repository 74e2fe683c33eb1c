/** Redis did not answer in time. */
export class NotAnswered extends Error {
  override readonly name = 'NotAnswered'
}

interface Waiting<Item, Answer> {
  readonly item: Item
  /** By `performance.now()`. */
  readonly deadline: number
  readonly done: (answer: Answer) => void
  readonly failed: (error: unknown) => void
}

/**
 * Lets what comes at the same time go to Redis in one call, in the order in which it came. Calls are small, overlap, and are sent as
 * soon as they are full: were everything gathered into one, the process would be idle while Redis works, and Redis while the
 * process does. While as many calls as may be are under way, what comes waits for the next.
 * @param settings.send answers each item in its place
 * @param settings.fails is an answer an error, which only its item's sender is to have? Default: none is
 * @param settings.weightPerCall so much is worth a call of its own; less waits until the end of the event loop's turn
 * @param settings.weigh what an item adds to the weight; default: 1
 * @param settings.timeoutMs how long an item may wait; absent: for ever
 * @returns sends one item; rejects with {@link NotAnswered} after the time-out, or with what the call was refused with
 */
export function createGathering<Item, Answer>(settings: {
  readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>
  readonly fails?: (answer: Answer) => boolean
  readonly weightPerCall: number
  readonly weigh?: (item: Item) => number
  readonly callsAtOnce: number
  readonly timeoutMs?: number
}): (item: Item) => Promise<Answer> {
  const { send, fails = () => false, weightPerCall, weigh = () => 1, callsAtOnce, timeoutMs } = settings
  type Waits = Waiting<Item, Answer>
  // Lists, because sets that are filled and emptied all the time make the garbage collector keep what was in them.
  let gathered: Waits[] = []
  let gatheredWeight = 0
  let underWay: (readonly Waits[])[] = []
  let planned = false
  let watching = false

  function next(): void {
    while (underWay.length < callsAtOnce && gatheredWeight >= weightPerCall) void call()
    if (underWay.length < callsAtOnce && gathered.length > 0 && !planned) {
      planned = true
      setImmediate(atEndOfTurn)
    }
  }

  function atEndOfTurn(): void {
    planned = false
    if (underWay.length < callsAtOnce && gathered.length > 0) void call()
  }

  function takeBatch(): readonly Waits[] {
    let weight = 0
    let count = 0
    for (; count < gathered.length && weight < weightPerCall; count += 1)
      weight += weigh((gathered[count] as Waits).item)
    gatheredWeight -= weight
    const batch = count === gathered.length ? gathered : gathered.slice(0, count)
    gathered = count === gathered.length ? [] : gathered.slice(count)
    return batch
  }

  /** Never rejects. */
  async function call(): Promise<void> {
    const batch = takeBatch()
    underWay.push(batch)
    try {
      const answers = await send(batch.map(({ item }) => item))
      for (const [index, { done, failed }] of batch.entries()) {
        const answer = answers[index] as Answer
        if (fails(answer)) failed(answer)
        else done(answer)
      }
    } catch (error) {
      for (const { failed } of batch) failed(error)
    }
    underWay = underWay.filter((other) => other !== batch)
    next()
  }

  /** One timer for all. Whoever waited in vain may try again: while Redis hangs, what is given up must not pile up. */
  function expire(): void {
    const now = performance.now()
    const isDue = ({ deadline }: Waits) => deadline <= now
    const isLeft = (waiting: Waits) => !isDue(waiting)
    const waits = [...underWay.flat(), ...gathered]
    for (const { failed } of waits.filter(isDue)) failed(new NotAnswered('Redis did not answer in time.'))
    gathered = gathered.filter(isLeft)
    gatheredWeight = gathered.reduce((sum, { item }) => sum + weigh(item), 0)
    const left = waits.filter(isLeft)
    watching = left.length > 0
    if (watching) setTimeout(expire, Math.max(1, Math.min(...left.map(({ deadline }) => deadline)) - now)).unref()
  }

  function watch(ms: number): number {
    if (!watching) setTimeout(expire, ms).unref()
    watching = true
    return performance.now() + ms
  }

  return (item) =>
    new Promise((done, failed) => {
      gatheredWeight += weigh(item)
      gathered.push({
        item,
        deadline: timeoutMs === undefined ? Number.POSITIVE_INFINITY : watch(timeoutMs),
        done,
        failed,
      })
      next()
    })
}
