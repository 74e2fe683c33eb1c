import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bodyOf, createCarrier, gate, idsTo, usersTo } from './carrier.ts'
import { createParts, eventually, type Store, startStore } from './harness.ts'

/*
 * A queue has 128 places in a process at most. While deliveries hang that have them, there are more, up to three hundred.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const places = 128
/** More than there are places. */
const many = 150

/** One message of each customer, named as the customer is. */
const bodyOfAll = (users: readonly string[]) => users.flatMap((user) => bodyOf([user], user))

describe('deliveries that hang', () => {
  test('hold up no others of their queue, even when there are more of them than places', async () => {
    const { pass, open } = gate()
    let hanging = 0
    const { admit, until, told, arrived, nothingLeft } = await createCarrier(store, (_, { conversation: { user } }) => {
      if (!user.startsWith('slow')) return undefined
      hanging += 1
      return pass()
    })
    const slow = usersTo(many, 'slow')
    await admit('shop', 'inbound', bodyOfAll(slow))
    await eventually(() => hanging >= places)
    await admit('shop', 'inbound', bodyOf(['quick'], 'U-quick'))
    await eventually(() => hanging === many && arrived.includes('quick'), 3_500)
    expect(arrived).toEqual(['quick'])
    open()
    await until(() => told('message.delivered').length === many + 1)
    expect(arrived.toSorted()).toEqual([...slow, 'quick'].toSorted())
    // The spare places are given back, and all goes on.
    await admit('shop', 'inbound', bodyOf(['afterwards'], 'U-quick'))
    await until(() => told('message.delivered').length === many + 2)
    await nothingLeft()
  })

  test('are three hundred at most in a process, and the rest comes when they end', async () => {
    const { pass, open } = gate()
    let hanging = 0
    let most = 0
    const { admit, until, told, arrived, nothingLeft } = await createCarrier(store, async () => {
      hanging += 1
      most = Math.max(most, hanging)
      await pass()
      hanging -= 1
    })
    const users = usersTo(350, 'slow')
    await admit('shop', 'inbound', bodyOfAll(users))
    await eventually(() => hanging === 300)
    // Longer than it takes until a delivery counts as one that hangs.
    const begun = Date.now()
    await eventually(() => Date.now() - begun > 1_500)
    expect(most).toBe(300)
    open()
    await until(() => told('message.delivered').length === 350)
    expect(arrived.toSorted()).toEqual(users.toSorted())
    await nothingLeft()
  })

  test('are waited for when the process stops, those at spare places, too', async () => {
    const { pass, open } = gate()
    let hanging = 0
    const { admit, arrived, stop } = await createCarrier(store, () => {
      hanging += 1
      return pass()
    })
    await admit('shop', 'inbound', bodyOfAll(idsTo(many)))
    await eventually(() => hanging === many)
    const stopped = stop()
    open()
    await stopped
    expect(arrived).toHaveLength(many)
  })

  test('are waited for also at spare places that are just being given back', async () => {
    const [first, second] = [gate(), gate()]
    const begun = new Set<string>()
    const { admit, arrived, stop } = await createCarrier(store, (_, { conversation: { user } }) => {
      begun.add(user)
      return user.startsWith('first') ? first.pass() : second.pass()
    })
    await admit('shop', 'inbound', bodyOfAll(usersTo(many, 'first')))
    await eventually(() => begun.size === many)
    // All ordinary places are taken, so these are at spare ones.
    await admit('shop', 'inbound', bodyOfAll(usersTo(40, 'second')))
    await eventually(() => begun.size === many + 40)
    first.open()
    const opened = Date.now()
    await eventually(() => Date.now() - opened > 700)
    setTimeout(second.open, 300)
    await stop()
    expect(arrived).toHaveLength(many + 40)
  })

  test('leave to another process what waits for their places when theirs stops', async () => {
    const { pass, open } = gate()
    const begun = new Set<string>()
    const { admit, arrived, stop, keyPrefix } = await createCarrier(store, (id) => {
      begun.add(id)
      return pass()
    })
    const users = usersTo(350, 'slow')
    await admit('shop', 'inbound', bodyOfAll(users))
    await eventually(() => begun.size === 300)
    const stopped = stop()
    const twice: string[] = []
    const other = await createCarrier(
      store,
      (id) => {
        if (begun.has(id)) twice.push(id)
      },
      keyPrefix,
    )
    // There is no sweep: jobs are what was left behind, and they name what has begun, too.
    await other.until(() => other.told('message.delivered').length === 50, 2_000)
    expect(arrived).toEqual([])
    open()
    await stopped
    expect(twice).toEqual([])
    expect([...arrived, ...other.arrived].toSorted()).toEqual(users.toSorted())
    await other.nothingLeft()
    const { queues } = createParts(store, keyPrefix)
    expect(await queues.get('shop', 'inbound').getJobCounts('waiting', 'active', 'delayed', 'failed')).toEqual({
      waiting: 0,
      active: 0,
      delayed: 0,
      failed: 0,
    })
  })
})
