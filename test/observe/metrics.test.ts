import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { BridgeEvent, Flow } from '../../src/bridge/events.ts'
import { createMetrics, type QueueFigures } from '../../src/observe/metrics.ts'

const noQueues = async (): Promise<QueueFigures[]> => []
const about = (flow: Flow) => ({ channel: 'shop', flow, ids: { message: 'm1', user: 'U1' } })

const attempted = (flow: Flow, outcome: 'delivered' | 'retry' | 'wait' | 'hold' | 'give-up'): BridgeEvent => ({
  ...about(flow),
  type: 'delivery.attempted',
  at: 0,
  attempt: 1,
  outcome,
  durationMs: 3,
})

async function textAfter(...events: BridgeEvent[]): Promise<string> {
  const metrics = createMetrics({ readQueues: noQueues })
  for (const event of events) metrics.observe(event)
  return (await metrics.render()).body
}

/** The sample lines of one metric, sorted. */
const samples = (text: string, name: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .sort()

test('counters go on from one scrape to the next', async () => {
  const metrics = createMetrics({ readQueues: noQueues })
  const counted = async () => samples((await metrics.render()).body, 'bridge_attempts_total')
  metrics.observe(attempted('outbound', 'retry'))
  const once = ['bridge_attempts_total{channel="shop",direction="outbound",result="retry"} 1']
  expect([await counted(), await counted()]).toEqual([once, once])
  metrics.observe(attempted('outbound', 'retry'))
  metrics.observe(attempted('outbound', 'delivered'))
  expect(await counted()).toEqual([
    'bridge_attempts_total{channel="shop",direction="outbound",result="delivered"} 1',
    'bridge_attempts_total{channel="shop",direction="outbound",result="retry"} 2',
  ])
})

test('webhook requests are counted by channel, source and status', async () => {
  const answered = (status: number): BridgeEvent => ({
    type: 'webhook.answered',
    channel: 'shop',
    source: 'line',
    status,
  })
  const text = await textAfter(answered(200), answered(200), answered(401))
  expect(samples(text, 'bridge_webhook_requests_total')).toEqual([
    'bridge_webhook_requests_total{channel="shop",source="line",status="200"} 2',
    'bridge_webhook_requests_total{channel="shop",source="line",status="401"} 1',
  ])
})

test('messages are counted once, by what became of them', async () => {
  const text = await textAfter(
    { ...about('inbound'), type: 'message.received', at: 0 },
    { ...about('inbound'), type: 'message.duplicate' },
    { type: 'message.ignored', channel: 'shop', flow: 'inbound', reason: 'follow' },
    { ...about('inbound'), type: 'message.delivered', at: 0, sinceReceivedMs: 20 },
    { ...about('outbound'), type: 'message.failed', at: 0, code: 'general', reason: 'It was refused.' },
  )
  expect(samples(text, 'bridge_messages_total')).toEqual([
    'bridge_messages_total{channel="shop",direction="inbound",outcome="delivered"} 1',
    'bridge_messages_total{channel="shop",direction="inbound",outcome="duplicate"} 1',
    'bridge_messages_total{channel="shop",direction="inbound",outcome="ignored"} 1',
    'bridge_messages_total{channel="shop",direction="outbound",outcome="failed"} 1',
  ])
})

test('receipts count as attempts and never as messages', async () => {
  const text = await textAfter(
    attempted('receipts', 'retry'),
    attempted('receipts', 'delivered'),
    { ...about('receipts'), type: 'message.delivered', at: 0, sinceReceivedMs: 20 },
    { ...about('receipts'), type: 'message.failed', at: 0, code: 'general', reason: 'It was refused.' },
    { ...about('receipts'), type: 'message.duplicate' },
    { type: 'message.ignored', channel: 'shop', flow: 'receipts', reason: 'off' },
  )
  expect(samples(text, 'bridge_attempts_total')).toEqual([
    'bridge_attempts_total{channel="shop",direction="receipts",result="delivered"} 1',
    'bridge_attempts_total{channel="shop",direction="receipts",result="retry"} 1',
  ])
  expect(samples(text, 'bridge_messages_total')).toEqual([])
  expect(samples(text, 'bridge_delivery_seconds_count')).toEqual([])
})

test('every outcome of an attempt has its own result', async () => {
  const outcomes = ['delivered', 'give-up', 'hold', 'retry', 'wait'] as const
  const text = await textAfter(...outcomes.map((outcome) => attempted('outbound', outcome)))
  expect(samples(text, 'bridge_attempts_total')).toEqual(
    outcomes.map((result) => `bridge_attempts_total{channel="shop",direction="outbound",result="${result}"} 1`),
  )
})

test('delivery time is in seconds, from 5 ms to an hour', async () => {
  const text = await textAfter({ ...about('inbound'), type: 'message.delivered', at: 0, sinceReceivedMs: 30 })
  const inShop = 'channel="shop",direction="inbound"'
  expect(text).toContain(`bridge_delivery_seconds_sum{${inShop}} 0.03`)
  expect(text).toContain(`bridge_delivery_seconds_count{${inShop}} 1`)
  expect(text).toContain(`bridge_delivery_seconds_bucket{le="0.005",${inShop}} 0`)
  expect(text).toContain(`bridge_delivery_seconds_bucket{le="0.05",${inShop}} 1`)
  expect(text).toContain(`bridge_delivery_seconds_bucket{le="3600",${inShop}} 1`)
})

test('alerts are counted by kind and channel', async () => {
  const alert: BridgeEvent = { type: 'alert.raised', kind: 'setup', channel: 'shop', detail: 'HTTP 401' }
  const text = await textAfter(alert, alert)
  expect(samples(text, 'bridge_alerts_total')).toEqual(['bridge_alerts_total{kind="setup",channel="shop"} 2'])
  expect(text).not.toContain('HTTP 401')
})

test('queue figures are read at each scrape, and a queue that is gone leaves nothing behind', async () => {
  let figures: QueueFigures[] = [
    { channel: 'shop', direction: 'receipts', jobs: { waiting: 4, active: 1 }, oldestWaitingSeconds: 12.5 },
  ]
  const metrics = createMetrics({ readQueues: async () => figures })
  const first = (await metrics.render()).body
  expect(samples(first, 'bridge_queue_jobs')).toEqual([
    'bridge_queue_jobs{channel="shop",direction="receipts",state="active"} 1',
    'bridge_queue_jobs{channel="shop",direction="receipts",state="waiting"} 4',
  ])
  expect(samples(first, 'bridge_oldest_waiting_seconds')).toEqual([
    'bridge_oldest_waiting_seconds{channel="shop",direction="receipts"} 12.5',
  ])
  figures = []
  const second = (await metrics.render()).body
  expect(samples(second, 'bridge_queue_jobs')).toEqual([])
})

test.each<[string, () => Promise<QueueFigures[]>]>([
  ['rejects', () => Promise.reject(new Error('away'))],
  ['never answers', () => new Promise(() => {})],
  [
    'throws',
    () => {
      throw new Error('away')
    },
  ],
])(
  'when reading the queues %s, the rest is there within a second and the gauges are not',
  async (_case, readQueues) => {
    const metrics = createMetrics({ readQueues })
    metrics.observe({ type: 'alert.raised', kind: 'setup', channel: 'shop', detail: '' })
    // Of two timers that are due, Node lets that go off first which was due first, however late.
    const { body } = await Promise.race([metrics.render(), sleep(1_000, { body: 'too late' }, { ref: false })])
    expect(body).toContain('bridge_alerts_total{kind="setup",channel="shop"} 1')
    expect(body).not.toContain('bridge_queue_jobs')
    expect(body).not.toContain('bridge_oldest_waiting_seconds')
  },
)

test('the page is one valid text: every metric is described once, and process metrics are there', async () => {
  const metrics = createMetrics({
    readQueues: async () => [{ channel: 'shop', direction: 'inbound', jobs: { waiting: 1 }, oldestWaitingSeconds: 0 }],
  })
  const { body, contentType } = await metrics.render()
  const described = body.split('\n').filter((line) => line.startsWith('# TYPE'))
  expect(new Set(described).size).toBe(described.length)
  expect(body).not.toContain('\n\n\n')
  expect(body).toMatch(/^process_resident_memory_bytes \d/m)
  expect(body).toMatch(/^nodejs_eventloop_lag_seconds /m)
  expect(body.endsWith('\n')).toBe(true)
  expect(contentType).toMatch(/^text\/plain; version=/)
})

test('two bridges in one process do not share figures', async () => {
  const one = createMetrics({ readQueues: noQueues })
  const other = createMetrics({ readQueues: noQueues })
  one.observe({ type: 'alert.raised', kind: 'setup', channel: 'shop', detail: '' })
  expect(samples((await other.render()).body, 'bridge_alerts_total')).toEqual([])
})
