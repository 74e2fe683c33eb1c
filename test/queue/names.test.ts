import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  flows,
  isTurnJob,
  jobId,
  journalField,
  journalOf,
  parseQueueName,
  queueName,
  safeId,
  turnJobId,
} from '../../src/queue/names.ts'

const anyId = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  // Strings that look like what comes out of it.
  fc.string({ unit: fc.constantFrom('=', '.', '3', 'd', ' ', ':'), maxLength: 12 }),
)

test('a queue name tells its channel and flow', () => {
  for (const flow of flows)
    expect(parseQueueName(queueName('retail_thailand', flow))).toEqual({ channel: 'retail_thailand', flow })
})

describe('a safe id', () => {
  test('leaves the platforms’ own ids as they are', () => {
    for (const id of ['468789577898262530', 'U8189cf6745fc0d808977bdb0b9f22995', '01FZ74A0TDDPYRVKNK77XKC3ZR'])
      expect(safeId(id)).toBe(id)
    expect(safeId('0f8fad5b-d9cb-469f-a165-70867728950e')).toBe('0f8fad5b-d9cb-469f-a165-70867728950e')
  })

  test('holds nothing that a lane entry or a job id could stumble over', () => {
    fc.assert(fc.property(anyId, (id) => expect(safeId(id)).toMatch(/^[A-Za-z0-9._~@=-]*$/)))
  })

  test('differs for different ids', () => {
    fc.assert(
      fc.property(anyId, anyId, (one, other) => {
        fc.pre(one !== other)
        expect(safeId(one)).not.toBe(safeId(other))
      }),
      { numRuns: 500 },
    )
  })

  test('is short even when the id is not', () => {
    const long = 'x'.repeat(5_000)
    expect(safeId(long).length).toBeLessThan(70)
    expect(safeId(long)).not.toBe(safeId(`${long}x`))
  })
})

test('a job id is never made of digits alone', () => {
  expect(jobId('468789577898262530')).toMatch(/\D/)
})

test('the jobs of a message’s turns are told from each other, from its last one, and from jobs of many', () => {
  for (const id of ['468789577898262530', 'failed.1.a', '5~2']) {
    const jobs = [jobId(id), turnJobId(id, 1), turnJobId(id, 12)]
    expect(new Set(jobs).size).toBe(3)
    expect(jobs.slice(1).map(isTurnJob)).toEqual([true, true])
  }
  expect([jobId('468789577898262530'), jobId('failed.1.a'), '17'].map(isTurnJob)).toEqual([false, false, false])
})

test('a journal is found again by id and time, and messages spread over its shards', () => {
  const at = Date.UTC(2026, 10, 21, 23, 59, 59, 999)
  expect(journalOf('1', at)).toEqual(journalOf('1', at - 86_399_999))
  expect(journalOf('1', at + 1).day).toBe(journalOf('1', at).day + 1)
  const shards = new Set(Array.from({ length: 2_000 }, (_, index) => journalOf(String(index), at).shard))
  expect(shards.size).toBeGreaterThan(700)
})

test('the same id on another channel or flow has a trace of its own', () => {
  const fields = ['a', 'b'].flatMap((channel) => flows.map((flow) => journalField(channel, flow, '1')))
  expect(new Set(fields).size).toBe(fields.length)
})
