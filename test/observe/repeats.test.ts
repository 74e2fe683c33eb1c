import { expect, test } from '@jest/globals'
import type { BridgeEvent } from '../../src/bridge/events.ts'
import { withoutRepeats } from '../../src/observe/repeats.ts'

const alert = (channel: string, detail: string): BridgeEvent => ({
  type: 'alert.raised',
  kind: 'setup',
  channel,
  detail,
})

function start() {
  const told: BridgeEvent[] = []
  const clock = { now: 0 }
  const emit = withoutRepeats({ emit: (event) => told.push(event), now: () => clock.now })
  return { told, clock, emit }
}

test('an alert that is told again within a minute is dropped, and told anew after it', () => {
  const { told, clock, emit } = start()
  emit(alert('shop', 'HTTP 401'))
  clock.now = 59_999
  emit(alert('shop', 'HTTP 401'))
  expect(told).toHaveLength(1)
  clock.now = 60_000
  emit(alert('shop', 'HTTP 401'))
  expect(told).toHaveLength(2)
})

test('another channel or another detail is another alert', () => {
  const { told, emit } = start()
  emit(alert('shop', 'HTTP 401'))
  emit(alert('outlet', 'HTTP 401'))
  emit(alert('shop', 'HTTP 403'))
  expect(told).toHaveLength(3)
})

test('everything else passes, however often', () => {
  const { told, emit } = start()
  const event: BridgeEvent = { type: 'webhook.answered', channel: 'shop', source: 'line', status: 200 }
  emit(event)
  emit(event)
  expect(told).toEqual([event, event])
})
