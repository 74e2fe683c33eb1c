import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { BridgeEvent, Flow } from '../bridge/events.ts'
import { within } from '../lib/within.ts'

/** What waits in one queue at this moment. */
export interface QueueFigures {
  readonly channel: string
  readonly direction: Flow
  /** Count by state: `waiting`, `active`, `delayed` … */
  readonly jobs: Readonly<Record<string, number>>
  /** Age of the oldest message that has not ended; 0 when none waits. */
  readonly oldestWaitingSeconds: number
}

/** Counts what happens and tells it to Prometheus. */
export interface Metrics {
  /** Never throws. */
  observe(event: BridgeEvent): void
  /** The whole page of a scrape, within a second, whatever state the store is in. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>
}

/** A scrape must answer within a second, so the queues get a little less. */
const readQueuesLimitMs = 800

/** 5 ms … 1 h: the fast ones show what the bridge adds, the slow ones how long an outage held messages. */
const deliverySecondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]

/**
 * Metrics in a registry of their own, so that several bridges in one process do not meet.
 * @param parts.readQueues asked at each scrape; when it rejects or is slow, the two queue gauges are left out of that
 *   scrape, because a gauge that repeats an old figure would hide the outage
 */
export function createMetrics(parts: { readQueues(): Promise<readonly QueueFigures[]> }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const countWebhook = createTally({
    name: 'bridge_webhook_requests_total',
    help: 'Webhook requests answered, by HTTP status.',
    labelNames: ['channel', 'source', 'status'],
    registers,
  })
  const countMessage = createTally({
    name: 'bridge_messages_total',
    help: 'Messages by what became of them: delivered, failed, ignored, duplicate.',
    labelNames: ['channel', 'direction', 'outcome'],
    registers,
  })
  const deliverySeconds = new Histogram({
    name: 'bridge_delivery_seconds',
    help: 'Seconds from admission of a message to its acceptance by the other platform.',
    labelNames: ['channel', 'direction'],
    buckets: deliverySecondsBuckets,
    registers,
  })
  const countAttempt = createTally({
    name: 'bridge_attempts_total',
    help: 'Delivery attempts by result: delivered, retry, wait, hold, give-up.',
    labelNames: ['channel', 'direction', 'result'],
    registers,
  })
  const alerts = new Counter({
    name: 'bridge_alerts_total',
    help: 'Alerts raised, by kind.',
    labelNames: ['kind', 'channel'],
    registers,
  })

  const deliveryTimers = createRemembered((labels) => deliverySeconds.labels(...labels))

  function countEnding(event: { readonly channel: string; readonly flow: Flow }, outcome: string): void {
    // Receipts are about messages; counting them as such would double every outbound one.
    if (event.flow !== 'receipts') countMessage(event.channel, event.flow, outcome)
  }

  function observe(event: BridgeEvent): void {
    switch (event.type) {
      case 'webhook.answered':
        countWebhook(event.channel, event.source, String(event.status))
        break
      case 'message.received':
        break
      case 'message.duplicate':
        countEnding(event, 'duplicate')
        break
      case 'message.ignored':
        countEnding(event, 'ignored')
        break
      case 'delivery.attempted':
        countAttempt(event.channel, event.flow, event.outcome)
        break
      case 'message.delivered':
        countEnding(event, 'delivered')
        if (event.flow !== 'receipts')
          deliveryTimers.of(event.channel, event.flow).observe(event.sinceReceivedMs / 1000)
        break
      case 'message.failed':
        countEnding(event, 'failed')
        break
      case 'alert.raised':
        alerts.inc({ kind: event.kind, channel: event.channel })
        break
    }
  }

  async function render() {
    const [queues, counted] = await Promise.all([
      within(readQueuesLimitMs, parts.readQueues).then(queueGauges, () => ''),
      registry.metrics(),
    ])
    return { contentType: registry.contentType, body: counted + queues }
  }

  return { observe, render }
}

/** Makes what belongs to some labels once: looking it up costs more than counting, and the same few labels come again and again. */
function createRemembered<Child>(make: (labels: readonly string[]) => Child) {
  const known = new Map<string, Child>()
  return {
    of(...labels: readonly string[]): Child {
      const key = labels.join(' ')
      const child = known.get(key) ?? make(labels)
      known.set(key, child)
      return child
    },
    all: () => known.values(),
  }
}

/** Makes a counter that is told what was counted when somebody asks for it: by itself it makes out its labels with every count. */
function createTally(configuration: {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly registers: Registry[]
}): (...labels: readonly string[]) => void {
  const tallies = createRemembered((labels) => ({ labels, count: 0 }))
  const counter = new Counter({
    ...configuration,
    collect() {
      for (const tally of tallies.all()) {
        if (tally.count > 0) counter.labels(...tally.labels).inc(tally.count)
        tally.count = 0
      }
    },
  })
  return (...labels) => {
    tallies.of(...labels).count += 1
  }
}

/**
 * The two gauges as text. A registry for each scrape, so that scrapes at the same time cannot mix and a gone queue
 * leaves no figure.
 */
async function queueGauges(figures: readonly QueueFigures[]): Promise<string> {
  const registry = new Registry()
  const jobs = new Gauge({
    name: 'bridge_queue_jobs',
    help: 'Messages in the queues by state.',
    labelNames: ['channel', 'direction', 'state'],
    registers: [registry],
  })
  const oldest = new Gauge({
    name: 'bridge_oldest_waiting_seconds',
    help: 'Age of the oldest message that has not ended, in whatever state.',
    labelNames: ['channel', 'direction'],
    registers: [registry],
  })
  for (const { channel, direction, jobs: byState, oldestWaitingSeconds } of figures) {
    for (const [state, count] of Object.entries(byState)) jobs.set({ channel, direction, state }, count)
    oldest.set({ channel, direction }, oldestWaitingSeconds)
  }
  return registry.metrics()
}
