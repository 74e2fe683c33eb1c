import { describe, expect, test } from '@jest/globals'
import { Stopping } from '../../src/bridge/errors.ts'
import { flows } from '../../src/queue/names.ts'
import { judge } from '../../src/queue/verdict.ts'
import { failing } from './harness.ts'

const taken = {
  receivedAt: 0,
  envelope: '',
  attempt: 3,
  inDoubt: false,
  spentMs: 4_500,
  plan: undefined,
  partsDone: 0,
  blocked: false,
  heldMs: 0,
}
const attempt = { flow: 'inbound' as const, taken, random: 0.5 }
const reason = { code: 'invalid_message' as const, message: 'It was refused.' }

describe('after an attempt', () => {
  test('a retry spends it and remembers the doubt', () => {
    expect(judge(failing({ do: 'retry', mayHaveArrived: true }, 503), attempt)).toEqual({
      do: 'retry',
      error: 'It failed.',
      status: 503,
      delayMs: 3_000,
      state: { attempts: 3, inDoubt: true, spentMs: 7_500 },
    })
  })

  test('a doubt that was raised once stays', () => {
    const verdict = judge(failing({ do: 'retry', mayHaveArrived: false }), {
      ...attempt,
      taken: { ...taken, inDoubt: true },
    })
    expect(verdict).toMatchObject({ state: { inDoubt: true } })
  })

  test.each([
    ['wait', failing({ do: 'wait', afterMs: 700 }), 700],
    ['hold', failing({ do: 'hold' }), 15_000],
    ['stop', new Stopping('The process stops.'), 0],
  ] as const)('a %s spends nothing', (what, error, delayMs) => {
    expect(judge(error, attempt)).toMatchObject({
      do: what,
      delayMs,
      state: { attempts: 2, inDoubt: false, spentMs: 4_500 },
    })
  })

  test('a hold raises an alert about the set-up', () => {
    expect(judge(failing({ do: 'hold' }), attempt).alert).toBe('setup')
  })

  test('a bug of ours is tried again, in doubt, and its words stay out of the log', () => {
    expect(judge(new Error('something private'), attempt)).toMatchObject({
      do: 'retry',
      error: 'internal error',
      state: { inDoubt: true },
    })
  })

  test('the end of patience gives it up as expired', () => {
    const late = { ...attempt, flow: 'outbound' as const, taken: { ...taken, spentMs: 15 * 60_000 } }
    expect(judge(failing({ do: 'retry', mayHaveArrived: false }), late)).toMatchObject({
      do: 'give-up',
      kind: 'expired',
      alert: 'dead_letter',
    })
  })

  test('what is given up raises the alert that its error names, or that of a dead letter', () => {
    expect(judge(failing({ do: 'give-up', reason }), attempt)).toMatchObject({
      kind: 'message',
      reason,
      alert: 'dead_letter',
    })
    expect(judge(failing({ do: 'give-up', reason, alert: 'monthly_limit' }), attempt).alert).toBe('monthly_limit')
  })

  test('a receipt that is given up raises none', () => {
    expect(judge(failing({ do: 'give-up', reason }), { ...attempt, flow: 'receipts' }).alert).toBeUndefined()
  })

  test('every flow has words for the end of its patience', () => {
    for (const flow of flows) {
      const spent = { ...attempt, flow, taken: { ...taken, spentMs: 1e9 } }
      const verdict = judge(failing({ do: 'retry', mayHaveArrived: false }), spent)
      expect(verdict.do === 'give-up' && verdict.reason.message).toMatch(/\.$/)
    }
  })
})

describe('a wait of one conversation only', () => {
  const outbound = { ...attempt, flow: 'outbound' as const }
  const flood = (spentMs: number, afterMs = 5_000) =>
    judge(failing({ do: 'wait', afterMs, only: 'conversation' }, 429), { ...outbound, taken: { ...taken, spentMs } })

  test('spends no attempt, holds nobody else, and spends patience', () => {
    expect(flood(0)).toEqual({
      do: 'wait',
      all: false,
      error: 'It failed.',
      status: 429,
      delayMs: 5_000,
      state: { attempts: 2, inDoubt: false, spentMs: 5_000 },
    })
  })

  test('gets longer each time, never above a minute unless the platform asks for more', () => {
    expect([10_000, 40_000, 100_000, 600_000].map((spentMs) => flood(spentMs))).toMatchObject([
      { delayMs: 5_000 },
      { delayMs: 20_000 },
      { delayMs: 50_000 },
      { delayMs: 60_000 },
    ])
    expect(flood(0, 90_000)).toMatchObject({ delayMs: 90_000 })
  })

  test('ends after 15 minutes of waiting with a reason for the agent, after some twenty tries', () => {
    let spentMs = 0
    let tries = 0
    let verdict = flood(spentMs)
    for (; verdict.do === 'wait'; verdict = flood(spentMs)) {
      spentMs = verdict.state.spentMs
      tries += 1
    }
    expect(spentMs).toBeGreaterThan(13 * 60_000)
    expect(spentMs).toBeLessThanOrEqual(15 * 60_000)
    expect(tries).toBeLessThan(30)
    expect(verdict).toMatchObject({
      do: 'give-up',
      kind: 'expired',
      alert: 'dead_letter',
      reason: { code: 'rate_limited', message: expect.stringMatching(/too many/) },
    })
  })
})

test('an agent whose message expired is told whether the customer may have received it', () => {
  const spent = { ...attempt, flow: 'outbound' as const, taken: { ...taken, spentMs: 1e9 } }
  const told = (mayHaveArrived: boolean) => {
    const verdict = judge(failing({ do: 'retry', mayHaveArrived }), spent)
    return verdict.do === 'give-up' && verdict.reason.message
  }
  expect(told(true)).toMatch(/may have received .* ask before you send it again/)
  expect(told(false)).toMatch(/has not received .* send it again/)
})
