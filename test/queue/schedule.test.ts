import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Flow } from '../../src/bridge/events.ts'
import { flows } from '../../src/queue/names.ts'
import { holdMs, nextDelayMs } from '../../src/queue/schedule.ts'

/** The delays between attempts until patience ends, always with the same luck. */
function delaysOf(flow: Flow, random: number): readonly number[] {
  const delays: number[] = []
  for (let spentMs = 0; ; ) {
    const delay = nextDelayMs({ flow, failed: delays.length + 1, spentMs, random })
    if (delay === undefined) return delays
    delays.push(delay)
    spentMs += delay
  }
}
const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0)
const minute = 60_000

describe('after failed attempts', () => {
  test('the second follows within 2 s', () => {
    for (const random of [0, 0.999_999]) expect(delaysOf('inbound', random)[0]).toBeLessThan(1_000)
  })

  test('there are six within 90 s, even when each of them waits 10 s for its answer', () => {
    for (const flow of flows) {
      const untilTheSixthBegins = sum(delaysOf(flow, 0.999_999).slice(0, 5)) + 5 * 10_000
      expect(untilTheSixthBegins).toBeLessThan(90_000)
    }
  })

  test('agents’ messages are given up in 15 minutes, not earlier than the last planned delay allows', () => {
    for (const random of [0, 0.5, 0.999_999]) {
      const total = sum(delaysOf('outbound', random))
      expect(total).toBeLessThanOrEqual(15 * minute + minute)
      expect(total).toBeGreaterThanOrEqual(9 * minute)
    }
  })

  test('customers’ messages are tried for 24 hours', () => {
    const total = sum(delaysOf('inbound', 0.5))
    expect(total).toBeLessThanOrEqual(24 * 60 * minute)
    expect(total).toBeGreaterThan(23.9 * 60 * minute)
  })

  test('delays are spread by a fifth, and never above 6 minutes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (failed, random) => {
          const middle = nextDelayMs({ flow: 'inbound', failed, spentMs: 0, random: 0.5 }) ?? 0
          const delay = nextDelayMs({ flow: 'inbound', failed, spentMs: 0, random }) ?? 0
          expect(Math.abs(delay - middle)).toBeLessThanOrEqual(middle * 0.2 + 1)
          expect(delay).toBeLessThanOrEqual(6 * minute)
        },
      ),
    )
  })
})

test('a set-up fault is tried again within 30 s', () => {
  expect(holdMs).toBeLessThanOrEqual(30_000)
})
