import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeliveryError, type NextStep } from '../../src/bridge/errors.ts'
import type { BridgeEvent, Flow } from '../../src/bridge/events.ts'
import type { InboundMessage, OutboundMessage, Receipt } from '../../src/bridge/message.ts'
import type { Delivered } from '../../src/bridge/side.ts'
import { connectRedis, type Redis } from '../../src/lib/redis.ts'
import { createSealer } from '../../src/lib/seal.ts'
import type { HeardMessage } from '../../src/queue/admission.ts'
import { createCodec } from '../../src/queue/envelope.ts'
import { createQueueing, type QueuedDelivery, type Route } from '../../src/queue/index.ts'
import { type AdmitEntry, createLanes, laneEntry, parseLaneEntry } from '../../src/queue/lanes.ts'
import { createLetters } from '../../src/queue/letters.ts'
import { journalField, journalOf, queueName, safeId } from '../../src/queue/names.ts'
import type { Item } from '../../src/queue/payload.ts'
import { createQueues } from '../../src/queue/queues.ts'
import { startTestRedis } from '../support/redis.ts'

/** One Redis for the tests of a file; every test works under a key prefix of its own. */
export async function startStore() {
  const server = await startTestRedis()
  const closing: (() => unknown)[] = []
  let prefixes = 0

  function open(url = server.url, failFast = false): Redis {
    const redis = connectRedis({ url, failFast, onError: () => {} })
    closing.push(() => redis.disconnect())
    return redis
  }

  return {
    url: server.url,
    open,
    newPrefix: () => `t${++prefixes}`,
    /** Runs `close` before the server stops, the latest first. */
    later: (close: () => unknown) => void closing.push(close),
    async stop() {
      for (const close of closing.reverse()) await close()
      await server.stop()
    },
  }
}

export type Store = Awaited<ReturnType<typeof startStore>>

export interface Options {
  readonly keyPrefix?: string
  readonly channels?: readonly string[]
  readonly keys?: readonly Buffer[]
  readonly url?: string
}

/** What one process of the bridge has: its queueing, what it told, and its errors. */
export async function createProcess(store: Store, options: Options = {}) {
  const { keyPrefix = store.newPrefix(), channels = ['shop'], keys = [], url = store.url } = options
  const events: BridgeEvent[] = []
  const errors: Error[] = []
  const listeners = new Set<() => void>()
  const front = store.open(url, true)
  if (front.status !== 'ready') await once(front, 'ready')
  const create = () =>
    createQueueing({
      front,
      back: store.open(url),
      keyPrefix,
      sealer: createSealer({ keys }),
      channels,
      traceDays: 30,
      deadLetterDays: 30,
      emit: (event) => {
        events.push(event)
        for (const listener of listeners) listener()
      },
      onError: (error) => void errors.push(error),
    })
  const queueing = create()
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= queueing.stop()
    return stopped
  }
  store.later(stop)
  return {
    ...queueing,
    /** As `admit`, by a process that delivers nothing, so that all that can be tried gets jobs. */
    async admitElsewhere(...heard: Parameters<typeof queueing.admit>): Promise<void> {
      const receiver = create()
      await receiver.admit(...heard)
      await receiver.stop()
    },
    keyPrefix,
    base: `{${keyPrefix}}:`,
    front,
    events,
    errors,
    stop,
    told: <T extends BridgeEvent['type']>(type: T) =>
      events.filter((event): event is Extract<BridgeEvent, { type: T }> => event.type === type),
    /** Starts to deliver with the given function; the budget knows no limit. */
    deliver<T extends Item = InboundMessage>(
      deliver: (item: T, delivery: QueuedDelivery) => Promise<Delivered | undefined> | Delivered | undefined,
      more: Partial<Route<T>> = {},
    ): void {
      queueing.work<T>({
        channel: 'shop',
        flow: 'inbound',
        budget: queueing.budget('test'),
        urgency: () => 0,
        deliver: async (item, delivery) => (await deliver(item, delivery)) ?? { status: 200 },
        ...more,
      })
    },
    /** Waits until what this process told satisfies the condition. */
    async until(condition: () => boolean, withinMs = 10_000): Promise<void> {
      if (condition()) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const listener = () => {
        if (condition()) resolve()
      }
      listeners.add(listener)
      const timer = setTimeout(resolve, withinMs)
      await promise
      clearTimeout(timer)
      listeners.delete(listener)
      if (!condition()) throw new Error(`It did not come true within ${withinMs} ms.`)
    },
  }
}

/** The parts below a process, to do by hand one half of what a process does. */
export function createParts(store: Store, keyPrefix = store.newPrefix(), channels: readonly string[] = ['shop']) {
  const redis = store.open()
  const prefix = `{${keyPrefix}}`
  const base = `${prefix}:`
  const lanes = createLanes({ redis, base, traceDays: 30 })
  const queues = createQueues({ redis, lanes, prefix, channels, failedDays: 30, onError: () => {} })
  store.later(queues.close)

  /** As if the processes that have heads in their hands, or owe them jobs, had died a while ago. */
  async function abandon(): Promise<void> {
    const debts = await redis.zrange(`${base}owed`, '0', '-1')
    if (debts.length > 0) await redis.zadd(`${base}owed`, 'XX', ...debts.flatMap((debt) => [1, debt]))
  }

  /** All debts, however young. */
  const debts = async () => (await redis.zrange(`${base}owed`, '0', '-1')).toSorted()

  return { keyPrefix, redis, prefix, base, lanes, queues, letters: createLetters({ redis, base }), abandon, debts }
}

export const plainCodec = createCodec(createSealer({ keys: [] }))

/** An entry for `lanes.admit`. */
export function entryOf(
  message: InboundMessage,
  about: { readonly channel?: string; readonly flow?: Flow; readonly receivedAt?: number } = {},
): AdmitEntry {
  const { channel = 'shop', flow = 'inbound', receivedAt = Date.now() } = about
  const { id: _id, conversation, ...payload } = message
  const id = safeId(message.id)
  return {
    queue: queueName(channel, flow),
    channel,
    user: safeId(conversation.user),
    id,
    trace: { ...journalOf(id, receivedAt), field: journalField(channel, flow, id), text: receivedAt.toString(36) },
    entry: laneEntry(id, receivedAt, plainCodec.write({ message: message.id, user: conversation.user }, payload)),
  }
}

export const inbound = (id: string, user = 'U1', text = 'hello'): InboundMessage => ({
  id,
  conversation: { channel: 'shop', user },
  at: 1_790_000_000_000,
  platform: 'LINE',
  content: { kind: 'text', text },
})

export const outbound = (id: string, user = 'U1', text = 'hello'): OutboundMessage => ({
  id,
  conversation: { channel: 'shop', user },
  at: 1_790_000_000_000,
  content: [{ kind: 'text', text }],
})

export const heard = (message: InboundMessage | OutboundMessage): HeardMessage => ({
  kind: 'message',
  id: message.id,
  message,
})

export const failing = (next: NextStep, status?: number) => new DeliveryError('It failed.', next, status)

/** The receipt that agents' messages get in these tests. */
export const receiptOf: NonNullable<Route<OutboundMessage>['receipt']> = ({ id, conversation }, { at, reason }) =>
  ({ id, conversation, at, ...(reason ? { status: 'failed', reason } : { status: 'delivered' }) }) satisfies Receipt

/** Asks again and again until the answer is true. */
export async function eventually(check: () => Promise<boolean> | boolean, withinMs = 10_000): Promise<void> {
  const giveUpAt = Date.now() + withinMs
  while (!(await check())) {
    if (Date.now() > giveUpAt) throw new Error(`It did not come true within ${withinMs} ms.`)
    await sleep(10)
  }
}

/** A way to Redis that can be cut: connections break, and new ones are refused until it is mended. */
export async function createCuttableWay(store: Store) {
  const target = new URL(store.url)
  const sockets = new Set<Socket>()
  let whole = true
  const server = createServer((socket) => {
    if (!whole) return void socket.destroy()
    const onward = connect({ port: Number(target.port), host: target.hostname })
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(store.url)
  url.port = typeof address === 'object' && address ? String(address.port) : ''
  const cut = () => {
    whole = false
    for (const socket of sockets) socket.destroy()
  }
  store.later(() => {
    cut()
    server.close()
  })
  return {
    url: url.href,
    cut,
    mend: () => {
      whole = true
    },
  }
}

/** The ids that are noted, and those that wait in lanes. */
export async function stored(redis: Redis, base: string) {
  const journals = await redis.keys(`${base}journal:*`)
  const noted = (await Promise.all(journals.map((key) => redis.hkeys(key)))).flat()
  const lanes = await redis.keys(`${base}lane:*`)
  const entries = (await Promise.all(lanes.map((key) => redis.lrange(key, 0, -1)))).flat()
  return {
    noted: noted.map((field) => field.replace('shop/i', '')).toSorted(),
    waiting: entries.map((entry) => parseLaneEntry(entry).id).toSorted(),
  }
}
