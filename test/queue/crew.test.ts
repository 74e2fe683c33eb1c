import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bodyOf, createCarrier, gate, idsTo } from './carrier.ts'
import { eventually, type Store, startStore } from './harness.ts'

/*
 * A queue has forty places in a process, and up to a hundred when it waits for platforms. While most of them are taken by deliveries
 * that hang, there are more.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

describe('deliveries that hang', () => {
  test('hold up no others of their queue, even when there are more of them than places', async () => {
    const { pass, open } = gate()
    let hanging = 0
    const { admit, until, told, arrived, nothingLeft } = await createCarrier(store, (_, { conversation: { user } }) => {
      if (!user.startsWith('slow')) return undefined
      hanging += 1
      return pass()
    })
    const slow = idsTo(120).map((id) => `slow${id}`)
    await admit(
      'shop',
      'inbound',
      slow.flatMap((user) => bodyOf([user], user)),
    )
    await eventually(() => hanging >= 40)
    await admit('shop', 'inbound', bodyOf(['quick'], 'U-quick'))
    await eventually(() => hanging === 120 && arrived.includes('quick'), 3_500)
    expect(arrived).toEqual(['quick'])
    open()
    await until(() => told('message.delivered').length === 121)
    expect(arrived.toSorted()).toEqual([...slow, 'quick'].toSorted())
    // The spare places are given back, and all goes on.
    await admit('shop', 'inbound', bodyOf(['afterwards'], 'U-quick'))
    await until(() => told('message.delivered').length === 122)
    await nothingLeft()
  })

  test('are waited for when the process stops, those at spare places, too', async () => {
    const { pass, open } = gate()
    let hanging = 0
    const { admit, arrived, stop } = await createCarrier(store, () => {
      hanging += 1
      return pass()
    })
    const users = idsTo(120)
    await admit(
      'shop',
      'inbound',
      users.flatMap((user) => bodyOf([user], user)),
    )
    await eventually(() => hanging === 120)
    const stopped = stop()
    open()
    await stopped
    expect(arrived).toHaveLength(120)
  })

  test('are waited for also at spare places that are just being given back', async () => {
    const [first, second] = [gate(), gate()]
    const begun = new Set<string>()
    const { admit, arrived, stop } = await createCarrier(store, (_, { conversation: { user } }) => {
      begun.add(user)
      return user.startsWith('first') ? first.pass() : second.pass()
    })
    const send = (name: string, count: number) => {
      const users = idsTo(count).map((id) => `${name}${id}`)
      return admit(
        'shop',
        'inbound',
        users.flatMap((user) => bodyOf([user], user)),
      )
    }
    await send('first', 120)
    await eventually(() => begun.size === 120)
    // All places of the first worker are taken, so these are at spare ones.
    await send('second', 40)
    await eventually(() => begun.size === 160)
    first.open()
    const opened = Date.now()
    await eventually(() => Date.now() - opened > 700)
    setTimeout(second.open, 300)
    await stop()
    expect(arrived).toHaveLength(160)
  })
})
