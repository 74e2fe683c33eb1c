import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { connectRedis } from '../../src/lib/redis.ts'
import { findRedisBinary } from '../../src/lib/redis-binary.ts'
import { StoreUnavailable } from '../../src/queue/index.ts'
import { createLanes } from '../../src/queue/lanes.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/until.ts'
import { createProcess, entryOf, heard, inbound, type Store, startStore, stored } from './harness.ts'

/*
 * An event is noted, so that its repeats are recognised, together with its message or not at all: else a redelivery could be taken
 * for a repeat of something that was never stored, and the message would be lost.
 */

let store: Store
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

test('whatever ids, users, texts and times a body holds, it is stored whole', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.string({ minLength: 1, maxLength: 300 }),
  )
  const at = fc.oneof(fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }), fc.integer())
  const event = fc.record({
    id: text,
    user: text,
    says: text,
    at,
    effect: fc.constantFrom('blocked', 'unblocked', 'reachable', undefined),
  })
  const process = await createProcess(store)
  const redis = store.open()
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(event, { selector: ({ id }) => id, minLength: 1, maxLength: 8 }),
      async (events) => {
        await redis.flushdb()
        const body = events.map(({ id, user, says, at: time, effect }) => ({
          ...heard({ ...inbound(id, user, says), at: time }),
          ...(effect && { effects: [{ kind: effect, user, at: time }] }),
        }))
        await process.admit('shop', 'inbound', body)
        const { noted, waiting } = await stored(redis, process.base)
        expect(noted).toEqual(waiting)
        expect(waiting).toHaveLength(events.length)
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 5_000 },
  )
})

test('a Redis that becomes full takes bodies whole or not at all', async () => {
  const process = await createProcess(store)
  const redis = store.open()
  await redis.flushdb()
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
  await redis.config('SET', 'maxmemory', String(used + 3_000_000))
  const taken: string[] = []
  const refused: string[] = []
  try {
    for (let body = 0; refused.length < 60 && body < 500; body += 1) {
      const ids = Array.from({ length: 20 }, (_, index) => `${body}.${index}`)
      const events = ids.map((id) => heard(inbound(id, `U${id}`, 'x'.repeat(2_000))))
      await process.admit('shop', 'inbound', events).then(
        () => taken.push(...ids),
        (error: unknown) => {
          expect(error).toBeInstanceOf(StoreUnavailable)
          refused.push(...ids)
        },
      )
    }
  } finally {
    await redis.config('SET', 'maxmemory', '0')
  }
  expect(taken.length).toBeGreaterThan(0)
  expect(refused.length).toBeGreaterThan(0)
  expect(await stored(redis, process.base)).toEqual({ noted: taken.toSorted(), waiting: taken.toSorted() })
  // What was refused is welcome later.
  await process.admit(
    'shop',
    'inbound',
    refused.map((id) => heard(inbound(id, `U${id}`))),
  )
  expect((await stored(redis, process.base)).waiting).toHaveLength(taken.length + refused.length)
})

/** A Redis that writes everything to its file at once; it can be killed, and come back. */
async function startDurableRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-durable-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const binary = findRedisBinary({ environment: process.env }) ?? 'redis-server'
  const closing: (() => unknown)[] = []
  const own: Store = {
    ...store,
    url,
    open(to = url, failFast = false) {
      const redis = connectRedis({ url: to, failFast, onError: () => {} })
      closing.push(async () => {
        if (redis.status !== 'ready') await once(redis, 'ready')
        redis.disconnect()
      })
      return redis
    },
    later: (close) => void closing.push(close),
  }
  const settings = `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsave ""\nappendonly yes\nappendfsync always\naof-load-truncated yes\n`
  await writeFile(join(folder, 'redis.conf'), settings)

  async function launch() {
    const child = spawn(binary, [join(folder, 'redis.conf')], { stdio: 'ignore' })
    const redis = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
    redis.on('error', () => {})
    await redis.ping()
    return { child, redis }
  }
  let running = await launch()
  return {
    /** What processes of the bridge need to work with it. */
    store: own,
    redis: () => running.redis,
    async kill(): Promise<void> {
      running.redis.disconnect()
      running.child.kill('SIGKILL')
      await once(running.child, 'exit')
    },
    async comeBack(): Promise<void> {
      running = await launch()
    },
    /** The file to which it writes what happens. */
    async log(): Promise<string> {
      const names = await readdir(folder, { recursive: true })
      const name = names.find((one) => /\.incr\.aof$|^appendonly\.aof$/.test(one))
      if (!name) throw new Error('Redis keeps no append-only file.')
      return join(folder, name)
    },
    /** So many bytes of an append-only file are whole commands and transactions, as Redis' own checker sees it. */
    counts(path: string): number {
      // The checker is the same program under another name.
      const { stdout } = spawnSync(binary, [path], { argv0: 'redis-check-aof', encoding: 'utf8' })
      return Number(/ok_up_to=(\d+)/.exec(stdout)?.[1])
    },
    async stop(): Promise<void> {
      // The bridge's processes end well only while it is there.
      if (running.child.exitCode !== null || running.child.signalCode !== null) await this.comeBack()
      for (const close of closing.toReversed()) await close()
      await this.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

describe('a Redis that dies', () => {
  test('in the midst of a body has all of it, or nothing, wherever its file breaks off', async () => {
    const server = await startDurableRedis()
    try {
      const process = await createProcess(server.store)
      const { base } = process
      await process.admit('shop', 'inbound', [heard(inbound('before', 'U1'))])
      // The head's job is written as well; after that the file is quiet.
      await until('the job', async () => (await server.redis().zcard(`${base}owed`)) === 0)
      const path = await server.log()
      const begin = (await readFile(path)).length
      const lanes = createLanes({ redis: server.store.open(), base, traceDays: 30 })
      await lanes.admit([entryOf(inbound('one', 'U1')), entryOf(inbound('two', 'U2'))], Date.now())
      const whole = await readFile(path)
      expect(whole.length).toBeGreaterThan(begin + 500)
      await server.kill()

      // How much of the file counts, wherever it breaks off: within a line one place is like another.
      const counts = new Set<number>()
      for (let end = begin; end <= whole.length; end += 1) {
        if (end < whole.length && !whole.subarray(end - 1, end + 1).some((byte) => byte === 10 || byte === 13)) continue
        await writeFile(path, whole.subarray(0, end))
        counts.add(server.counts(path))
      }
      expect([...counts]).toEqual([begin, whole.length])

      // And what a server makes of it that comes back.
      for (const end of [
        begin + 1,
        begin + 20,
        Math.floor((begin + whole.length) / 2),
        whole.length - 1,
        whole.length,
      ]) {
        await writeFile(path, whole.subarray(0, end))
        await server.comeBack()
        const ids = end === whole.length ? ['before', 'one', 'two'] : ['before']
        expect(await stored(server.redis(), base)).toEqual({ noted: ids, waiting: ids })
        await server.kill()
      }
    } finally {
      await server.stop()
    }
  }, 60_000)

  test('under load has every body that was acknowledged, and each of the others whole or not at all', async () => {
    const server = await startDurableRedis()
    try {
      const processes = await Promise.all([0, 1].map(() => createProcess(server.store, { keyPrefix: 'durable' })))
      const acknowledged: string[] = []
      const sent: string[] = []
      let over = false
      const senders = processes.flatMap((process, number) =>
        Array.from({ length: 20 }, async (_, sender) => {
          for (let body = 0; !over; body += 1) {
            const ids = [0, 1, 2].map((index) => `${number}-${sender}-${body}-${index}`)
            sent.push(...ids)
            const events = ids.map((id, index) => heard(inbound(id, `U${sender}-${index}`)))
            const taken = await process.admit('shop', 'inbound', events).then(
              () => true,
              () => false,
            )
            if (!taken) return
            acknowledged.push(...ids)
          }
        }),
      )
      await until('some load', () => acknowledged.length > 3_000)
      await server.kill()
      over = true
      await Promise.all(senders)
      await server.comeBack()
      const { noted, waiting } = await stored(server.redis(), '{durable}:')
      expect(noted).toEqual(waiting)
      const kept = new Set(waiting)
      expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
      const bodies = Map.groupBy(waiting, (id) => id.slice(0, id.lastIndexOf('-')))
      expect([...bodies.values()].filter((ids) => ids.length !== 3)).toEqual([])

      // All of them once more: what is there is a repeat, and what is not is welcome.
      const [process] = processes
      await until('the store', async () => process?.front.status === 'ready')
      await process?.admit(
        'shop',
        'inbound',
        sent.map((id) => heard(inbound(id, `U${id}`))),
      )
      const after = await stored(server.redis(), '{durable}:')
      expect(after.waiting).toEqual(sent.toSorted())
    } finally {
      await server.stop()
    }
  }, 60_000)
})
