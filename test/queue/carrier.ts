import type { InboundMessage } from '../../src/bridge/message.ts'
import type { QueuedDelivery } from '../../src/queue/index.ts'
import { createParts, createProcess, eventually, heard, inbound, type Store } from './harness.ts'

/** `1`, `2` and so on. */
export const idsTo = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1))
/** So many customers. */
export const usersTo = (count: number, name = 'U') => idsTo(count).map((id) => `${name}${id}`)
/** A webhook body with these messages of one customer. */
export const bodyOf = (ids: readonly string[], user = 'U1') => ids.map((id) => heard(inbound(id, user)))

/** What a delivery does; its message has arrived when that ends well. */
export type Deliver = (id: string, message: InboundMessage, delivery: QueuedDelivery) => Promise<void> | void

/** A process, what it delivers, and a look at what BullMQ and Redis hold of it. */
export async function createCarrier(store: Store, deliver: Deliver = () => {}, keyPrefix = store.newPrefix()) {
  const process = await createProcess(store, { keyPrefix })
  const { redis, base, queues } = createParts(store, keyPrefix)
  const arrived: string[] = []
  process.deliver(async (message, delivery) => {
    await deliver(message.id, message, delivery)
    arrived.push(message.id)
    return undefined
  })
  return {
    ...process,
    arrived,
    redis,
    jobs: queues.get('shop', 'inbound'),
    /** How many jobs a queue has ever had. */
    jobsEver: async (flow: string) => Number((await redis.get(`${base}shop-${flow}:id`)) ?? 0),
    nothingLeft: () =>
      eventually(async () => {
        const keys = await redis.keys(`${base}*`)
        return !keys.some((key) => /:(lane|attempt|lanes|owed|shop-[a-z]+:(m-[^:]+|\d+))(:|$)/.test(key))
      }),
  }
}

/** Something that a delivery waits for, and whether it has come to it. */
export function gate() {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  return {
    open,
    reached,
    pass: () => {
      reach()
      return opened
    },
  }
}
