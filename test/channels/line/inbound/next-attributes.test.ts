import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { Cache } from '../../../../src/bridge/cache.ts'
import { offerData } from '../../../../src/channels/line/outbound/offers.ts'
import { channel, completing, elapsed, message, never } from '../completing.ts'
import { createMemoryCache } from '../memory-cache.ts'

describe('what was noted for the next message', () => {
  const line = { events: { follow: 'attribute' } }
  const key = `line:next:${channel}:U1`
  const noted = (memory: { set: Cache['set'] }, value = '{"lineEvent":"follow"}') => memory.set(key, value, 60)

  test('is told with it, and with no other one', async () => {
    const { complete, memory } = completing({ line })
    await noted(memory)
    expect(await complete(message())).toMatchObject({ attributes: { lineEvent: 'follow' } })
    expect(await memory.get(key)).toBeUndefined()
    expect(await complete(message({ id: 'm2' }))).not.toHaveProperty('attributes')
  })

  test('is told again when the same message has to be sent again, whatever was noted since', async () => {
    const { complete, memory } = completing({ line })
    await noted(memory)
    await complete(message())
    await noted(memory, '{"lineEvent":"unfollow"}')
    expect(await complete(message())).toMatchObject({ attributes: { lineEvent: 'follow' } })
    expect(await complete(message({ id: 'm2' }))).toMatchObject({ attributes: { lineEvent: 'unfollow' } })
  })

  test('waits for a message of the customer’s own', async () => {
    const { complete, memory } = completing({ line })
    await noted(memory)
    const notice = message({ id: 'e1', content: { kind: 'notice', notice: 'unsent' } })
    expect(await complete(notice)).not.toHaveProperty('attributes')
    expect(await complete(message())).toMatchObject({ attributes: { lineEvent: 'follow' } })
  })

  test('is told with an answer, too', async () => {
    const { complete, memory, offers } = completing({ line })
    await noted(memory)
    const offer = { what: 'button', label: 'Yes', payload: 'p' } as const
    await offers.save({ id: 'g1', conversation: { channel, user: 'U1' } }, [offer])
    const touched = { kind: 'touched', key: offerData({ channel, messageId: 'g1', index: 0 }) } as const
    expect(await complete(message({ content: touched }))).toMatchObject({
      content: { kind: 'answer' },
      attributes: { lineEvent: 'follow' },
    })
  })

  test('is not looked for unless the operator wants it', async () => {
    const { complete, memory, calls } = completing({ line: { events: { follow: 'text' } } })
    await noted(memory)
    expect(await complete(message())).not.toHaveProperty('attributes')
    expect(calls).not.toContain(`get ${key}`)
  })

  test.each(['no JSON', 'null', '7', '[]', '{"lineEvent":5}'])('%s is nothing to tell', async (value) => {
    const { complete, memory } = completing({ line })
    await noted(memory, value)
    const { attributes = {} } = await complete(message())
    expect(attributes).toEqual({})
  })

  test('delays nothing', async () => {
    const { complete } = completing({ line, cache: { get: never } })
    const took = await elapsed(async () => expect(await complete(message())).toEqual(message()))
    expect(took).toBeLessThan(1_000)
  })

  test.each(['get', 'set'] as const)(
    'is left to the next message when the store is too slow for this one (%s)',
    async (slow) => {
      const gate = Promise.withResolvers<void>()
      let late: Promise<unknown> = Promise.resolve()
      const memory = createMemoryCache()
      const held = (...args: [key: string, value: string, seconds: number]) => {
        late = gate.promise.then((): Promise<unknown> => memory[slow](...args))
        return late as Promise<never>
      }
      const of = { line, cache: { ...memory, [slow]: held } }
      await noted(memory)
      expect(await completing(of).complete(message())).not.toHaveProperty('attributes')
      gate.resolve()
      await late
      await sleep(1)
      expect(await completing({ line, cache: memory }).complete(message({ id: 'm2' }))).toMatchObject({
        attributes: { lineEvent: 'follow' },
      })
    },
  )
})
