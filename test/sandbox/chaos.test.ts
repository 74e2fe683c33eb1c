import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from '@jest/globals'
import { planHarm } from '../../src/sandbox/chaos/harm-plan.ts'
import { judgeRun, type MessageHistory, type Wrong } from '../../src/sandbox/chaos/judge.ts'
import { ChaosUsageError, readOptions } from '../../src/sandbox/chaos/options.ts'
import { outcomeOf } from '../../src/sandbox/chaos/outcomes.ts'
import { planTalk } from '../../src/sandbox/chaos/talk-plan.ts'
import { isAlive } from '../support/bridge-process.ts'
import { until } from '../support/until.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A customer's message for which all went well: sent at 10 n, acknowledged 1 later, arrived 2 later. */
const inbound = (number: number, changes: Partial<MessageHistory> = {}): MessageHistory => ({
  flow: 'inbound',
  conversation: 'retail_thailand 1',
  number,
  id: `id-${number}`,
  body: number,
  sent: 10 * number,
  acknowledged: 10 * number + 1,
  pieces: 1,
  arrivals: [{ tick: 10 * number + 2, piece: 0 }],
  outcomes: ['known'],
  receipts: [],
  waiting: false,
  ...changes,
})
const outbound = (number: number, changes: Partial<MessageHistory> = {}): MessageHistory =>
  inbound(number, { flow: 'outbound', outcomes: [], receipts: ['Delivered'], ...changes })
const at = (...ticks: number[]) => ticks.map((tick) => ({ tick, piece: 0 }))

/** The numbers of the messages that are wrong, by fault. */
function faultsOf(...histories: MessageHistory[]): Partial<Record<Wrong, number[]>> {
  const { wrong, good } = judgeRun(histories)
  const found = Object.entries(wrong).flatMap(([fault, messages]) =>
    messages.length === 0 ? [] : [[fault, messages.map(({ number }) => number)] as const],
  )
  expect(good).toBe(found.length === 0)
  return Object.fromEntries(found)
}

describe('The judge', () => {
  test('finds nothing wrong where all went well', () => {
    expect(faultsOf(inbound(1), inbound(2), outbound(1), outbound(2))).toEqual({})
  })

  test('calls an acknowledged message that never arrived lost, or stuck if the bridge still has it', () => {
    expect(faultsOf(inbound(1, { arrivals: [] }), inbound(2, { arrivals: [], waiting: true }))).toEqual({
      lost: [1],
      stuck: [2],
    })
    expect(faultsOf(outbound(1, { arrivals: [], receipts: [] }))).toEqual({ lost: [1] })
  })

  test('calls a message lost of which a piece is missing', () => {
    expect(faultsOf(outbound(1, { pieces: 2 }))).toEqual({ lost: [1] })
  })

  test('tells a message that was never acknowledged', () => {
    expect(faultsOf(inbound(1, { acknowledged: undefined }))).toEqual({ 'never acknowledged': [1] })
  })

  test('forgives nothing that is shown twice on the phone', () => {
    expect(faultsOf(outbound(1, { arrivals: at(12, 13), outcomes: ['unknown', 'unknown'] }))).toEqual({
      'doubled at LINE': [1],
    })
  })

  test('allows one repeat at Genesys for each request of unknown outcome, and counts it', () => {
    const twice = inbound(1, { arrivals: at(12, 13), outcomes: ['unknown', 'known'] })
    const late = inbound(2, { arrivals: at(22, 23, 24), outcomes: ['unknown', 'known', 'unknown'] })
    expect(faultsOf(twice, late)).toEqual({})
    expect(judgeRun([twice, late]).doubtfulRepeats).toBe(3)
  })

  test('does not allow a repeat at Genesys of what the bridge knew to have arrived', () => {
    const known = inbound(1, { arrivals: at(12, 13), outcomes: ['known', 'known'] })
    const oneTooMany = inbound(2, { arrivals: at(22, 23, 24), outcomes: ['unknown', 'known', 'known'] })
    expect(faultsOf(known, oneTooMany)).toEqual({ 'doubled at Genesys': [1, 2] })
    expect(judgeRun([oneTooMany]).doubtfulRepeats).toBe(1)
  })

  test('finds a message that came before one acknowledged before it was sent, also with others between them', () => {
    expect(faultsOf(inbound(1, { arrivals: at(25) }), inbound(2))).toEqual({ 'out of order': [2] })
    const slow = { acknowledged: 100 }
    expect(faultsOf(inbound(1, { arrivals: at(35) }), inbound(2, slow), inbound(3))).toEqual({ 'out of order': [2, 3] })
  })

  test('does not ask for an order where the sender did not wait', () => {
    expect(faultsOf(inbound(1, { acknowledged: 26, arrivals: at(25) }), inbound(2))).toEqual({})
  })

  test('does not compare conversations, channels or directions', () => {
    const late = { arrivals: at(99) }
    const elsewhere = inbound(2, { conversation: 'retail_taiwan 1' })
    expect(faultsOf(inbound(1, late), elsewhere, outbound(2))).toEqual({})
  })

  test('judges by the first arrivals', () => {
    const repeated = inbound(1, { arrivals: at(12, 90), outcomes: ['unknown', 'unknown'] })
    expect(faultsOf(repeated, inbound(2))).toEqual({})
  })

  test('asks for the order of events within a body', () => {
    const together = { body: 7, sent: 10, acknowledged: 11 }
    const first = inbound(1, { ...together, arrivals: at(31) })
    expect(faultsOf(first, inbound(2, { ...together, arrivals: at(32) }))).toEqual({})
    expect(faultsOf(first, inbound(2, { ...together, arrivals: at(30) }))).toEqual({ 'out of order': [2] })
  })

  test('asks for the order of pieces, and for the next message to come after the last of them', () => {
    const pieces = (first: number, second: number) => ({
      pieces: 2,
      arrivals: [
        { tick: first, piece: 0 },
        { tick: second, piece: 1 },
      ],
    })
    expect(faultsOf(outbound(1, pieces(12, 13)), outbound(2))).toEqual({})
    expect(faultsOf(outbound(1, pieces(13, 12)), outbound(2))).toEqual({ 'out of order': [1] })
    expect(faultsOf(outbound(1, pieces(12, 23)), outbound(2))).toEqual({ 'out of order': [2] })
  })

  test('wants one delivered receipt at least, and no other kind', () => {
    expect(
      faultsOf(
        outbound(1, { receipts: [] }),
        outbound(2, { receipts: ['Delivered', 'Delivered'] }),
        outbound(3, { receipts: ['Delivered', 'Failed'] }),
      ),
    ).toEqual({ 'receipt missing': [1], 'receipt wrong': [3] })
  })
})

describe('The outcome of a request is', () => {
  const none = { deliverers: [], redis: [] }
  const request = (status: number | undefined, closedAt?: number) => ({ status, connection: { closedAt } })

  test('known when it was answered, whatever becomes of the connection later', () => {
    expect(outcomeOf({ request: request(200), answeredAt: 1_000 }, none)).toBe('known')
    expect(outcomeOf({ request: request(200, 1_010), answeredAt: 1_000 }, none)).toBe('known')
    const another = { deliverers: [900, 5_000], redis: [] }
    expect(outcomeOf({ request: request(200, 1_950), answeredAt: 1_000 }, another)).toBe('known')
  })

  test('unknown when the connection broke, nothing came back, or a gateway’s error did', () => {
    expect(outcomeOf({ request: request(0), answeredAt: 1_000 }, none)).toBe('unknown')
    expect(outcomeOf({ request: request(undefined), answeredAt: undefined }, none)).toBe('unknown')
    expect(outcomeOf({ request: request(504), answeredAt: 1_000 }, none)).toBe('unknown')
  })

  test('unknown when the worker on that connection was killed before it could write the answer down', () => {
    const killed = { deliverers: [1_100], redis: [] }
    expect(outcomeOf({ request: request(200, 1_105), answeredAt: 1_000 }, killed)).toBe('unknown')
    expect(outcomeOf({ request: request(200, 1_105), answeredAt: 1_200 }, killed)).toBe('unknown')
  })

  test('known when that worker had time to write it down, and Redis was there', () => {
    const muchLater = { deliverers: [9_000], redis: [] }
    const delivery = { request: request(200, 9_005), answeredAt: 1_000 }
    expect(outcomeOf(delivery, muchLater)).toBe('known')
    expect(outcomeOf(delivery, { ...muchLater, redis: [{ from: 1_500, to: 8_800 }] })).toBe('unknown')
    expect(outcomeOf(delivery, { ...muchLater, redis: [{ from: 3_000, to: 8_800 }] })).toBe('known')
  })
})

describe('The plan', () => {
  const peace = { harm: 1, spared: new Set<never>() }

  test('is the same for the same seed, and another for another', () => {
    const talkOf = (seed: string) => planTalk({ seed, messages: 500, perSecond: 50 })
    const harmOf = (seed: string) => planHarm({ seed, durationMs: 20_000, receivers: 2, workers: 2, ...peace })
    expect(talkOf('one')).toEqual(talkOf('one'))
    expect(talkOf('two')).not.toEqual(talkOf('one'))
    expect(harmOf('one')).toEqual(harmOf('one'))
    expect(harmOf('two')).not.toEqual(harmOf('one'))
  })

  test('has exactly the wanted messages, half each way, numbered without gaps in every conversation', () => {
    const { steps } = planTalk({ seed: 'x', messages: 999, perSecond: 100 })
    const all = steps.flatMap((step) =>
      step.webhooks.flatMap(({ messages }) => messages.map(({ number }) => ({ ...step, number }))),
    )
    expect(all.filter(({ flow }) => flow === 'inbound')).toHaveLength(500)
    expect(all.filter(({ flow }) => flow === 'outbound')).toHaveLength(499)
    const conversations = Map.groupBy(all, ({ flow, account, customer }) => `${flow} ${account} ${customer}`)
    for (const messages of conversations.values()) {
      expect(messages.map(({ number }) => number)).toEqual(messages.map((_, index) => index + 1))
    }
  })

  test('kills every process and Redis at least once, unless they are spared', () => {
    const killsOf = (spared: ReadonlySet<'redis' | 'receivers'>) =>
      new Set(
        planHarm({ seed: 'x', durationMs: 5_000, receivers: 2, workers: 2, harm: 1, spared }).flatMap((harm) =>
          'kind' in harm ? [] : [harm.kill === 'redis' ? 'redis' : `${harm.kill} ${harm.which}`],
        ),
      )
    expect(killsOf(new Set())).toEqual(new Set(['receiver 0', 'receiver 1', 'worker 0', 'worker 1', 'redis']))
    expect(killsOf(new Set(['redis', 'receivers']))).toEqual(new Set(['worker 0', 'worker 1']))
  })
})

test('Options that make no sense are refused', () => {
  expect(readOptions(['--help'])).toBeUndefined()
  expect(readOptions(['--quick', '--messages', '50'])).toMatchObject({ messages: 50, workers: 2, harm: 1 })
  for (const words of [['--messages', '0'], ['--harm', '-1'], ['--spare', 'nothing'], ['--fast'], ['--rate']]) {
    expect(() => readOptions(words)).toThrow(ChaosUsageError)
  }
})

const runs = new Set<ReturnType<typeof start>>()
afterEach(async () => {
  for (const { child, ended } of runs) {
    child.kill('SIGTERM')
    await ended
  }
})

function start(...words: string[]) {
  const child = spawn(process.execPath, ['src/sandbox/chaos/main.ts', ...words], { cwd: root })
  const told = { output: '', errors: '' }
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    told.output += piece
  })
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    told.errors += piece
  })
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  const run = { child, told, ended: ended.finally(() => runs.delete(run)) }
  runs.add(run)
  return run
}

test.each([
  ['', []],
  [', also where receivers deliver', ['--together']],
])(
  'A short run through kills and faults ends with zeros%s',
  async (_, words) => {
    const { told, ended } = start('--quick', '--messages', '150', '--seed', 'test', ...words)
    const code = await ended
    const zeros = ['lost', 'stuck', 'never acknowledged', 'doubled at LINE', 'doubled at Genesys', 'out of order']
    for (const name of zeros) expect(told.output).toMatch(new RegExp(`^ +${name} +0 `, 'm'))
    expect(told.output).toMatch(/receivers [1-9]\d*, workers [1-9]\d*, Redis 1$/m)
    expect(told.output).toContain('Nothing lost, nothing doubled, nothing out of order.')
    expect(code).toBe(0)
    expect(existsSync(/data and logs in (\S+)/.exec(told.errors)?.[1] ?? '/')).toBe(false)
  },
  120_000,
)

/** Ids of the processes that a process has started. */
function childrenOf(parent: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/).map(Number))
  return rows.flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []))
}

test('A signal ends a run with all its processes and its folder', async () => {
  const { child, told, ended } = start('--quick', '--seed', 'test')
  await until('the run to be under way', () => / s {3}sent [1-9]/.test(told.errors), 40_000)
  const folder = /data and logs in (\S+)/.exec(told.errors)?.[1] ?? ''
  const pids = childrenOf(child.pid ?? 0)
  expect(pids.length).toBeGreaterThan(3)
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  for (const pid of pids) expect(await isAlive(pid)).toBe(false)
  expect(existsSync(folder)).toBe(false)
}, 60_000)
