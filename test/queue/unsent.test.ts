import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createUnsent, type UnsentMessage } from '../../src/queue/unsent.ts'
import { type Store, startStore } from './harness.ts'

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

test('the files of a message that was taken back are erased at once, once more when a late copy must be there, and no more', async () => {
  const redis = store.open()
  const base = `{${store.newPrefix()}}:`
  const erased: UnsentMessage[] = []
  const unsent = createUnsent({ redis, base, eraseFiles: async (message) => erased.push(message) })
  const at = Date.now()
  await redis.zadd(`${base}unsent`, at, 'shop-inbound U=20.1 i1')

  await unsent.sweep(at + 1_000)
  await unsent.sweep(at + 2_000)
  expect(erased).toEqual([{ channel: 'shop', direction: 'inbound', messageId: 'i1', user: 'U 1' }])
  await unsent.sweep(at + 121_000)
  expect(erased).toHaveLength(2)
  expect(await redis.zcard(`${base}unsent`)).toBe(0)
})

test('a file that cannot be erased now is tried again with the next round', async () => {
  const redis = store.open()
  const base = `{${store.newPrefix()}}:`
  let tries = 0
  const unsent = createUnsent({
    redis,
    base,
    async eraseFiles() {
      tries += 1
      if (tries === 1) throw new Error('The disk is away.')
    },
  })
  await redis.zadd(`${base}unsent`, Date.now(), 'shop-inbound U1 i1')
  await expect(unsent.sweep(Date.now())).rejects.toThrow('The disk is away.')
  await unsent.sweep(Date.now())
  expect(tries).toBe(2)
})
