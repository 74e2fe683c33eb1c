import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createLostLetters } from '../../src/queue/lost.ts'
import { journalKey, journalOf } from '../../src/queue/names.ts'
import { readTrace, writeStep, writeTrace } from '../../src/queue/trace.ts'
import { createProcess, eventually, failing, heard, inbound, type Store, startStore } from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const remote = '3c0f9d5e-8f1f-4c7e-9a43-0a8f5f6b7c11'
const user = 'U4af4980629aaaaaaaaaaaaaaaaaaaaaa'
const name = `shop-inbound-r-${remote}`
const hour = 3_600_000

async function createShop() {
  const process = await createProcess(store)
  const redis = store.open()
  const lost = createLostLetters({ redis, base: process.base })
  /** What the contact centre reports. */
  const report = () =>
    process.admit('shop', 'outbound', [
      {
        kind: 'ignored',
        id: `receipt-${remote}`,
        reason: 'receipt_failed',
        effects: [{ kind: 'not_shown', remote, detail: 'too long' }],
      },
    ])
  const letter = async () => (await process.operations.readLetter(name))?.letter
  const open = () => process.front.zrange(`${process.base}unresolved`, '0', '-1', 'WITHSCORES')
  /** A message that was delivered at that time, and answered with the id. */
  async function delivered(receivedAt: number) {
    const trace = writeTrace({ message: 'm1', user, event: 'e1' }, receivedAt)
    const text = trace + writeStep({ what: 'delivered', afterMs: 30, attempt: 2, status: 200, remote })
    await redis.hset(process.base + journalKey(journalOf('m1', receivedAt)), 'shop/im1', text)
    return async () =>
      readTrace((await redis.hget(process.base + journalKey(journalOf('m1', receivedAt)), 'shop/im1')) ?? '')
  }
  return { process, lost, report, letter, open, delivered }
}

describe('a message that the contact centre could not show', () => {
  test('is a dead letter at once, and soon one that tells which message it is', async () => {
    const { process, report, letter } = await createShop()
    process.deliver(() => ({ status: 200, remoteId: remote }))
    await process.admit('shop', 'inbound', [heard({ ...inbound('m1', user), eventId: 'e1' })])
    await process.until(() => process.told('message.delivered').length === 1)
    await report()
    expect(await letter()).toMatchObject({ ids: { remote }, channel: 'shop', direction: 'inbound', kind: 'message' })
    process.startSweep()
    await eventually(async () => (await letter())?.ids.message !== undefined)
    const [received] = process.told('message.received')
    expect(await letter()).toMatchObject({
      id: name,
      ids: { message: 'm1', user, event: 'e1', remote },
      firstAt: received?.at,
      attempts: 1,
    })
  })

  test.each([0, 20, 44])('is found when it came %i hours before, and its own trace says so', async (hours) => {
    const { lost, report, letter, open, delivered } = await createShop()
    const receivedAt = Date.now() - hours * hour
    const trace = await delivered(receivedAt)
    await report()
    await lost.resolve(Date.now())
    expect(await letter()).toMatchObject({
      ids: { message: 'm1', user, event: 'e1', remote },
      firstAt: receivedAt,
      attempts: 2,
    })
    expect((await trace()).steps).toMatchObject([{ what: 'delivered' }, { what: 'not_shown' }])
    expect(await open()).toEqual([])
  })

  test('is looked for again later, less and less often, and after ten minutes left as it is', async () => {
    const { process, lost, report, letter, open, delivered } = await createShop()
    await report()
    const { lastAt = 0 } = (await letter()) ?? {}
    await lost.resolve(lastAt + 1_000)
    expect(await open()).toEqual([`shop-inbound r-${remote}`, String(lastAt + 3_000)])
    await lost.resolve(lastAt + 60_000)
    expect(await open()).toEqual([`shop-inbound r-${remote}`, String(lastAt + 120_000)])
    // Written down meanwhile, but it is not yet time to look again.
    await delivered(Date.now())
    await lost.resolve(lastAt + 100_000)
    expect(await letter()).toMatchObject({ ids: { remote } })
    await process.front.del(process.base + journalKey(journalOf('m1', Date.now())))
    await lost.resolve(lastAt + 600_000)
    expect(await open()).toEqual([])
    expect((await letter())?.ids).toEqual({ remote })
  })

  test('cannot be replayed, for its content is gone, but discarded, which ends the search', async () => {
    const { process, lost, report, letter, open } = await createShop()
    await report()
    const skipped = [{ id: name, why: 'no_content' }]
    expect(await process.operations.replay({ filter: {} })).toEqual({ done: 0, skipped })
    expect(await process.operations.discard({ filter: {} })).toEqual({ done: 1, skipped: [] })
    expect(await open()).toEqual([])
    await lost.resolve(Date.now())
    expect(await letter()).toBeUndefined()
  })

  test('is not looked for in traces that only seem to name it', async () => {
    const { process, lost, report, letter } = await createShop()
    const trace = writeTrace({ message: 'm2', user, event: remote }, Date.now())
    await process.front.hset(process.base + journalKey(journalOf('m2', Date.now())), 'shop/im2', trace)
    await report()
    await lost.resolve(Date.now())
    expect((await letter())?.ids).toEqual({ remote })
  })
})

describe('a message that was taken back while it waited', () => {
  test('ends without a delivery when it comes to the head, and the next one goes on', async () => {
    const process = await createProcess(store)
    const arrived: string[] = []
    const gate = Promise.withResolvers<void>()
    process.deliver(async ({ id }) => {
      if (id === '1') await gate.promise
      arrived.push(id)
    })
    await process.admit(
      'shop',
      'inbound',
      ['1', '2', '3'].map((id) => heard(inbound(id, 'U1', 'the words'))),
    )
    const lane = `${process.base}lane:shop-inbound:U1`
    const [, second = ''] = await process.front.lrange(lane, 0, -1)
    await process.front.lset(lane, 1, second.replace(/\{.*$/, 'withdrawn'))
    gate.resolve()
    await process.until(() => process.told('message.delivered').length === 2)
    expect(arrived).toEqual(['1', '3'])
    expect(process.told('message.ignored')).toMatchObject([{ channel: 'shop', flow: 'inbound', reason: 'withdrawn' }])
    expect(process.errors).toEqual([])
    const trace = await process.front.hget(process.base + journalKey(journalOf('2', Date.now())), 'shop/i2')
    expect(readTrace(trace ?? '').steps).toMatchObject([{ what: 'withdrawn' }])
    expect(await process.front.exists(lane)).toBe(0)
  })

  test('finishes normally when it was just being delivered, and leaves no words when it is given up', async () => {
    const process = await createProcess(store)
    process.deliver(async ({ id }) => {
      const lane = `${process.base}lane:shop-inbound:U1`
      const [entry = ''] = await process.front.lrange(lane, 0, 0)
      await process.front.lset(lane, 0, entry.replace(/\{.*$/, 'withdrawn'))
      if (id === '2') throw failing({ do: 'give-up', reason: { code: 'general', message: 'No.' } })
    })
    await process.admit(
      'shop',
      'inbound',
      ['1', '2'].map((id) => heard(inbound(id, 'U1', 'the words'))),
    )
    await process.until(() => process.told('message.failed').length === 1)
    expect(process.told('message.delivered')).toHaveLength(1)
    const text = await process.front.hget(`${process.base}letters:shop-inbound`, '2')
    expect(text).toContain('withdrawn')
    expect(text).not.toContain('the words')
  })
})
