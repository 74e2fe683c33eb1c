import { describe, expect, test } from '@jest/globals'
import type { Leave } from '../../src/queue/gate.ts'
import { createPlaces } from '../../src/queue/places.ts'

const quiet = 0.5
const middling = 0.85
const overworked = 0.95

/** Places, requests, and how many of either there are at most, with those that hang. */
const [most, mostRequests] = [128, 100]
const mostWithHanging = 300

/** Who comes to places or to requests, and who has come in so far. */
function visitors(enter: (mostAhead?: number) => Leave | undefined | Promise<Leave | undefined>) {
  const inside: Leave[] = []
  const names: string[] = []
  const away: string[] = []
  return {
    inside,
    names,
    /** Who was sent away. */
    away,
    /** So many come, who may have to wait. */
    async come(count: number, name = '', mostAhead?: number): Promise<void> {
      for (let i = 0; i < count; i += 1)
        void Promise.resolve(enter(mostAhead)).then((leave) => {
          if (leave) inside.push(leave)
          ;(leave ? names : away).push(`${name}${i}`)
        })
      await settled()
    },
    /** So many go, those who came first. */
    async go(count: number): Promise<void> {
      for (const leave of inside.splice(0, count)) leave()
      await settled()
    },
  }
}

/** Places whose clock and load are the test's. */
function gate(share = quiet) {
  const state = { share, now: 0 }
  const places = createPlaces({ share: () => state.share, now: () => state.now })
  return {
    ...visitors(places.enter),
    requests: visitors(places.request),
    state,
    look: places.look,
    stop: places.stop,
    /** Time goes by, with a look as often as there is one. */
    async pass(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= 50) {
        state.now += Math.min(50, left)
        places.look()
        await settled()
      }
    },
  }
}

/** All that was promised so far has come. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('who comes', () => {
  test('enters at once while there are places, 128 at most', async () => {
    const { come, inside } = gate()
    await come(128)
    expect(inside).toHaveLength(128)
    await come(1)
    expect(inside).toHaveLength(128)
  })

  test('waits for a place, and gets it in the order of coming', async () => {
    const { come, go, names } = gate()
    await come(most, 'early')
    await come(3, 'a')
    await come(2, 'b')
    names.length = 0
    await go(1)
    expect(names).toEqual(['a0'])
    await go(1)
    // Who comes now is behind those who wait.
    await come(1, 'late')
    await go(4)
    expect(names).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'late0'])
  })

  test('is sent away after 300 ms without a place, and takes nobody’s place', async () => {
    const { come, go, pass, names, away, inside } = gate(middling)
    await come(most)
    await come(2, 'early')
    await pass(250)
    await come(1, 'late')
    expect(away).toEqual([])
    await pass(50)
    expect(away).toEqual(['early0', 'early1'])
    names.length = 0
    await go(1)
    expect(names).toEqual(['late0'])
    expect(inside).toHaveLength(most)
    // Nobody waits any more: the next one that goes leaves a place free.
    await go(1)
    await come(1, 'next')
    expect(names).toEqual(['late0', 'next0'])
    await pass(1_000)
    expect(away).toEqual(['early0', 'early1'])
  })

  test('waits behind so many others as it is told, and not behind more', async () => {
    const { come, go, names, away } = gate()
    await come(most)
    await come(3, 'patient')
    await come(1, 'fourth', 3)
    expect(away).toEqual([])
    await come(1, 'fifth', 3)
    expect(away).toEqual(['fifth0'])
    names.length = 0
    await go(4)
    expect(names).toEqual(['patient0', 'patient1', 'patient2', 'fourth0'])
    // With places there is nobody ahead.
    await go(1)
    await come(1, 'sixth', 0)
    expect(names).toContain('sixth0')
  })

  test('gives a place back once, however often it says so', async () => {
    const { come, inside } = gate()
    await come(1)
    inside[0]?.()
    inside[0]?.()
    await come(most + 1)
    expect(inside).toHaveLength(1 + most)
  })
})

describe('the number of places', () => {
  test('falls while the process is busy itself, but never too far', async () => {
    const { come, go, look, inside } = gate(overworked)
    const left = async () => {
      await come(most)
      const now = inside.length
      // Those who waited come in meanwhile.
      while (inside.length > 0) await go(inside.length)
      return now
    }
    expect(await left()).toBe(128)
    look()
    expect(await left()).toBe(76)
    look()
    expect(await left()).toBe(45)
    look()
    expect(await left()).toBe(32)
    for (let i = 0; i < 10; i += 1) look()
    expect(await left()).toBe(32)
  })

  test('rises again when the process waits for platforms and all places are taken, and lets in who waits', async () => {
    const { come, look, inside, state } = gate(overworked)
    for (let i = 0; i < 10; i += 1) look()
    await come(200)
    expect(inside).toHaveLength(32)
    state.share = quiet
    look()
    await settled()
    expect(inside).toHaveLength(64)
    look()
    await settled()
    expect(inside).toHaveLength(most)
    for (let i = 0; i < 10; i += 1) look()
    await settled()
    expect(inside).toHaveLength(most)
  })

  test('stays while some places are free', async () => {
    const { come, look, inside, state } = gate(overworked)
    for (let i = 0; i < 10; i += 1) look()
    state.share = quiet
    await come(31)
    for (let i = 0; i < 10; i += 1) look()
    await come(10)
    expect(inside).toHaveLength(32)
  })

  test('stays while the process is neither idle nor overworked', async () => {
    const { come, look, inside, state } = gate(overworked)
    for (let i = 0; i < 10; i += 1) look()
    state.share = middling
    await come(50)
    for (let i = 0; i < 10; i += 1) look()
    await settled()
    expect(inside).toHaveLength(32)
    const another = gate(middling)
    for (let i = 0; i < 10; i += 1) another.look()
    await another.come(150)
    expect(another.inside).toHaveLength(most)
  })

  test('that has fallen sends nobody away', async () => {
    const { come, go, look, inside } = gate(overworked)
    await come(most)
    for (let i = 0; i < 10; i += 1) look()
    await come(1, 'waiting')
    expect(inside).toHaveLength(most)
    // Of all, ninety-six have to go before there is one free.
    await go(most - 32)
    expect(inside).toHaveLength(32)
    await go(1)
    expect(inside).toHaveLength(32)
  })
})

describe('those who hang', () => {
  test('hold up nobody after a second, not even when they have all places', async () => {
    const { come, pass, inside } = gate()
    await come(most, 'slow')
    await pass(1_000)
    await come(1, 'quick')
    expect(inside).toHaveLength(most)
    await pass(50)
    expect(inside).toHaveLength(most + 1)
  })

  test('get 172 places more at most', async () => {
    const { come, pass, inside } = gate()
    for (let second = 0; second < 10; second += 1) {
      await come(500, 'slow')
      await pass(1_100)
    }
    expect(inside).toHaveLength(mostWithHanging)
  })

  test('give the spare places back when they go', async () => {
    const { come, go, pass, inside } = gate()
    await come(most, 'slow')
    await pass(1_100)
    await come(most, 'others')
    expect(inside).toHaveLength(2 * most)
    await go(most)
    await pass(50)
    await come(most, 'more')
    expect(inside).toHaveLength(most)
  })

  test('do not count as a reason for more places', async () => {
    const { come, pass, inside, state } = gate(overworked)
    await pass(500)
    await come(32, 'slow')
    await pass(1_100)
    // All hang: as many others may come, and there is room for them.
    state.share = quiet
    await come(20, 'quick')
    await pass(200)
    expect(inside).toHaveLength(52)
    await come(20, 'quick')
    expect(inside).toHaveLength(64)
  })

  test('are no reason for more places either in the very look that finds them', async () => {
    const { come, pass, look, inside, state } = gate(overworked)
    await pass(500)
    await come(32, 'slow')
    state.now += 1_001
    await come(100, 'quick')
    state.share = quiet
    look()
    await settled()
    expect(inside).toHaveLength(64)
  })
})

describe('requests', () => {
  test('are made at once, a hundred at most; the next waits until one ends, and comes in the order of coming', async () => {
    const { come, go, inside, names } = gate().requests
    await come(mostRequests, 'early')
    expect(inside).toHaveLength(100)
    await come(2, 'a')
    await come(1, 'b')
    expect(inside).toHaveLength(100)
    names.length = 0
    await go(1)
    expect(names).toEqual(['a0'])
    await come(1, 'late')
    await go(3)
    expect(names).toEqual(['a0', 'a1', 'b0', 'late0'])
  })

  test('wait for as long as it takes', async () => {
    const { requests, pass } = gate()
    const { come, go, names, away } = requests
    await come(mostRequests)
    await come(1, 'patient')
    await pass(950)
    expect(names).not.toContain('patient0')
    await go(1)
    expect(names).toContain('patient0')
    expect(away).toEqual([])
  })

  test('that take longer than a second do not count, two hundred at most', async () => {
    const { requests, pass } = gate()
    const { come, inside } = requests
    await come(mostRequests, 'slow')
    await come(1, 'quick')
    await pass(1_000)
    expect(inside).toHaveLength(mostRequests)
    await pass(50)
    expect(inside).toHaveLength(mostRequests + 1)
    for (let second = 0; second < 10; second += 1) {
      await come(500, 'slow')
      await pass(1_100)
    }
    expect(inside).toHaveLength(mostWithHanging)
  })

  test('end once, however often they say so', async () => {
    const { come, inside } = gate().requests
    await come(mostRequests)
    await come(3, 'waiting')
    inside[0]?.()
    inside[0]?.()
    await settled()
    expect(inside).toHaveLength(mostRequests + 1)
  })

  test('and places are counted apart, and only places become fewer when the process is busy', async () => {
    const { come, look, inside, requests } = gate(overworked)
    await come(most)
    await requests.come(50)
    expect([inside.length, requests.inside.length]).toEqual([most, 50])
    for (let i = 0; i < 10; i += 1) look()
    await requests.come(50)
    expect(requests.inside).toHaveLength(mostRequests)
  })
})

test.each([
  ['for a place', most, (all: ReturnType<typeof gate>) => all],
  ['to make a request', mostRequests, (all: ReturnType<typeof gate>) => all.requests],
])(
  'Who waits %s is sent away at once when places are stopped, and so is who comes later, although there is room',
  async (_, atOnce, visitorsOf) => {
    const all = gate()
    const { come, go, names, away, inside } = visitorsOf(all)
    await come(atOnce)
    await come(2, 'waiting')
    all.stop()
    await settled()
    expect(away).toEqual(['waiting0', 'waiting1'])
    await go(50)
    await come(1, 'later')
    expect(away).toEqual(['waiting0', 'waiting1', 'later0'])
    expect(names).toHaveLength(atOnce)
    // Those who are in may stay.
    expect(inside).toHaveLength(atOnce - 50)
  },
)

describe('a started gate', () => {
  test('looks by itself until it is stopped', async () => {
    let looks = 0
    const looked = Promise.withResolvers<void>()
    const places = createPlaces({
      share: () => {
        looks += 1
        if (looks === 3) looked.resolve()
        return middling
      },
    })
    places.start()
    await looked.promise
    places.stop()
    const before = looks
    const waitUntil = performance.now() + 200
    while (performance.now() < waitUntil) await settled()
    expect(looks).toBe(before)
  })
})
