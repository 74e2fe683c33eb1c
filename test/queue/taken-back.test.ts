import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { InboundMessage } from '../../src/bridge/message.ts'
import type { HeardMessage } from '../../src/queue/admission.ts'
import { createUnsent } from '../../src/queue/unsent.ts'
import { everythingIn } from '../support/everything.ts'
import { createProcess, eventually, failing, heard, inbound, type Store, startStore } from './harness.ts'

/*
 * A message that takes another one back, and is one itself: a notice that agents read, or the text that takes the place of the old
 * one. Both happen in one go. What carries no message of its own is tested with the admission.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const words = 'regretted'
const regretted = heard(inbound('2', 'U1', words))
const notice: HeardMessage = {
  kind: 'message',
  id: 'unsend-2',
  message: { ...inbound('unsend-2'), content: { kind: 'notice', notice: 'unsent' } },
  effects: [
    { kind: 'reachable', user: 'U1', at: 1 },
    { kind: 'unsent', user: 'U1', message: '2' },
  ],
}
const edited: HeardMessage = {
  kind: 'message',
  id: 'edit-2',
  message: { ...inbound('edit-2', 'U1', 'better'), edited: true },
  effects: [{ kind: 'unsent', user: 'U1', message: '2' }],
}

type Process = Awaited<ReturnType<typeof createProcess>>

const waitingIn = async ({ front, base }: Process) => {
  const entries = await front.lrange(`${base}lane:shop-inbound:U1`, 0, -1)
  return entries.map((entry) =>
    entry.replace(/^(\S+) \d+ (.*)$/, (_, id, rest) => (rest === 'withdrawn' ? `${id}!` : id)),
  )
}
const holdsWords = async ({ front, base }: Process) => (await everythingIn(front, `${base}*`)).includes(words)

/** Delivers what waits, until the message of that id has arrived. */
async function arrivedUntil(process: Process, last: string): Promise<readonly InboundMessage[]> {
  const arrived: InboundMessage[] = []
  process.deliver((message) => void arrived.push(message))
  await eventually(() => arrived.some(({ id }) => id === last))
  return arrived
}

describe.each([
  ['a notice', notice],
  ['an edited text', edited],
])('a message that is taken back by %s', (_name, taking) => {
  const id = taking.id ?? ''

  test('loses its words where it waits; what took it back comes last', async () => {
    const process = await createProcess(store)
    await process.admit('shop', 'inbound', [heard(inbound('1')), regretted, heard(inbound('3'))])
    await process.admit('shop', 'inbound', [taking])
    expect(await waitingIn(process)).toEqual(['1', '2!', '3', id])
    expect(await holdsWords(process)).toBe(false)
    const arrived = await arrivedUntil(process, id)
    expect(arrived.map((message) => message.id)).toEqual(['1', '3', id])
    expect(arrived.at(-1)).toEqual((taking as { readonly message: InboundMessage }).message)
    expect(await process.front.hget(`${process.base}depth`, 'shop-inbound')).toBe('0')
  })

  test('is dropped when it comes after it, and what took it back is carried', async () => {
    const process = await createProcess(store)
    await process.admit('shop', 'inbound', [taking])
    await process.admit('shop', 'inbound', [regretted, heard(inbound('3'))])
    expect(process.told('message.duplicate').map(({ ids }) => ids.message)).toEqual(['2'])
    expect((await arrivedUntil(process, '3')).map((message) => message.id)).toEqual([id, '3'])
    expect(await holdsWords(process)).toBe(false)
  })

  test.each([
    ['before', [regretted, taking], ['2!', id]],
    ['after', [taking, regretted], [id]],
  ])('may come in one body with it, %s it, and again', async (_place, body, waiting) => {
    const process = await createProcess(store)
    await process.admit('shop', 'inbound', body)
    expect(await waitingIn(process)).toEqual(waiting)
    await process.admit('shop', 'inbound', body)
    await process.admit('shop', 'inbound', body.toReversed())
    expect(await waitingIn(process)).toEqual(waiting)
    expect(await holdsWords(process)).toBe(false)
    await process.admit('shop', 'inbound', [heard(inbound('last'))])
    expect((await arrivedUntil(process, 'last')).map((message) => message.id)).toEqual([id, 'last'])
  })

  test('is not tried again, and the requests made from it are gone', async () => {
    const process = await createProcess(store)
    const tried: string[] = []
    process.deliver(async (message, delivery) => {
      tried.push(message.id)
      if (message.id !== '2') return undefined
      await delivery.savePlan(`the request with ${words}`)
      throw failing({ do: 'retry', mayHaveArrived: true }, 503)
    })
    await process.admit('shop', 'inbound', [regretted])
    await process.until(() => process.told('delivery.attempted').length === 1)
    expect(await holdsWords(process)).toBe(true)
    await process.admit('shop', 'inbound', [taking])
    expect(await holdsWords(process)).toBe(false)
    await process.until(() => process.told('message.delivered').length === 1)
    expect(tried).toEqual(['2', id])
    expect(process.told('message.ignored')).toMatchObject([{ reason: 'withdrawn' }])
  })

  test('is given up while it is taken back: its letter has no words', async () => {
    const process = await createProcess(store)
    const gate = Promise.withResolvers<void>()
    store.later(gate.resolve)
    process.deliver(async (message, delivery) => {
      if (message.id !== '2') return undefined
      await delivery.savePlan(`the request with ${words}`)
      await gate.promise
      throw failing({ do: 'give-up', reason: { code: 'general', message: 'It was refused.' } }, 400)
    })
    await process.admit('shop', 'inbound', [regretted])
    await eventually(async () => (await process.front.hget(`${process.base}attempt:shop-inbound:U1`, 'plan')) !== null)
    await process.admit('shop', 'inbound', [taking])
    gate.resolve()
    await process.until(() => process.told('message.delivered').length === 1)
    expect(process.told('message.failed').map(({ ids }) => ids.message)).toEqual(['2'])
    expect(await holdsWords(process)).toBe(false)
  })

  test('is not replayed from its dead letter, which loses its words', async () => {
    const process = await createProcess(store)
    const tried: string[] = []
    process.deliver(async (message, delivery) => {
      tried.push(message.id)
      if (message.id !== '2') return undefined
      await delivery.savePlan(`the request with ${words}`)
      throw failing({ do: 'give-up', reason: { code: 'general', message: 'It was refused.' } }, 400)
    })
    await process.admit('shop', 'inbound', [regretted])
    await process.until(() => process.told('message.failed').length === 1)
    await process.admit('shop', 'inbound', [taking])
    await process.until(() => process.told('message.delivered').length === 1)
    // At once, before anything but the admission has seen it.
    const letter = 'shop-inbound-2'
    const replayed = await process.operations.replay({ ids: [letter] })
    expect(replayed).toEqual({ done: 0, skipped: [{ id: letter, why: 'no_content' }] })
    const unsent = createUnsent({ redis: store.open(), base: process.base, eraseFiles: async () => {} })
    await unsent.sweep(Date.now())
    expect(await holdsWords(process)).toBe(false)
    expect((await process.operations.readLetter(letter))?.content).toBeUndefined()
    expect(tried).toEqual(['2', id])
  })

  test('loses the requests, too, with which its replay was to go on', async () => {
    const process = await createProcess(store)
    let refusing = true
    process.deliver(async (message, delivery) => {
      if (message.id === '1') {
        if (!refusing) throw failing({ do: 'hold' }, 401)
        return undefined
      }
      await delivery.savePlan(`the request with ${words}`)
      throw failing({ do: 'give-up', reason: { code: 'general', message: 'It was refused.' } }, 400)
    })
    await process.admit('shop', 'inbound', [regretted])
    await process.until(() => process.told('message.failed').length === 1)
    refusing = false
    await process.admit('shop', 'inbound', [heard(inbound('1'))])
    await process.until(() => process.told('delivery.attempted').length === 2)
    await process.operations.replay({ ids: ['shop-inbound-2'] })
    expect(await process.front.hlen(`${process.base}replayed:shop-inbound`)).toBe(1)
    await process.admit('shop', 'inbound', [taking])
    expect(await waitingIn(process)).toEqual(['1', '2!', id])
    expect(await holdsWords(process)).toBe(false)
  })
})

test.each([
  ['readable', []],
  ['sealed', [randomBytes(32)]],
])('what had taken the place of a message is taken back with it, %s; what only names it is not', async (_how, keys) => {
  const process = await createProcess(store, { keys })
  const again: HeardMessage = {
    ...edited,
    id: 'edit-2b',
    message: { ...inbound('edit-2b', 'U1', 'best'), edited: true },
  }
  const naming = heard(inbound('3', 'U1', '"o":"2"'))
  await process.admit('shop', 'inbound', [heard(inbound('1')), regretted, naming, edited])
  // The later of two edits is enough.
  await process.admit('shop', 'inbound', [again])
  expect(await waitingIn(process)).toEqual(['1', '2!', '3', 'edit-2!', 'edit-2b'])
  await process.admit('shop', 'inbound', [notice])
  expect(await waitingIn(process)).toEqual(['1', '2!', '3', 'edit-2!', 'edit-2b!', 'unsend-2'])
  expect((await arrivedUntil(process, 'unsend-2')).map(({ id }) => id)).toEqual(['1', '3', 'unsend-2'])
})
