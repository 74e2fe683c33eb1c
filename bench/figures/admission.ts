import { type Server, startBareReceiver, startBridge } from '../bridge.ts'
import type { LoadQuestions, LoadResult } from '../load.ts'
import { startHelper } from '../processes.ts'
import { type BenchRedis, startRedis } from '../redis.ts'
import { atMost, either, type Row, ratioTarget } from '../rows.ts'
import { type Effort, type Figure, forShort, inPairs, scaled } from './figure.ts'

const connections = 50
const users = 5_000
const warmUp = 20_000
const measured = 60_000

interface Admitted extends LoadResult {
  readonly cpuMicros: number
  readonly redisMicros: number
}

/** Posts webhooks to a server that is warm, and reads what that cost. */
async function admit(effort: Effort, start: (redis: BenchRedis) => Promise<Server>): Promise<Admitted> {
  const redis = await startRedis()
  const load = startHelper<LoadQuestions>('bench/load.ts')
  const [before, count] = [scaled(warmUp, effort), scaled(measured, effort)]
  const server = await start(redis)
  try {
    await load.ask('prepare', { url: server.url, source: 'line', first: 0, count: before + count, users, connections })
    await load.ask('run', { requests: before })
    const [cpu, redisCpu] = [server.cpuMicros(), await redis.cpuMicros()]
    const result = await load.ask('run', { requests: count })
    const cpuMicros = (server.cpuMicros() - cpu) / count
    const redisMicros = ((await redis.cpuMicros()) - redisCpu) / count
    if (result.refused > 0) throw new Error(`${result.refused} webhooks were not answered with 200.`)
    return { ...result, cpuMicros, redisMicros }
  } finally {
    await load.stop()
    await server.stop()
    await redis.stop()
  }
}

/** Signed LINE webhooks that are stored, a second. */
export const admission: Figure = {
  name: 'admission',
  about: `signed LINE webhooks of one event, ${connections} connections, ${users} users; compared with Express, express.raw, HMAC and queue.add`,
  async measure(effort) {
    const { folder, bridgeFlags } = effort
    const found = await inPairs(forShort(effort), 'admission', {
      ours: () =>
        admit(effort, ({ url }) =>
          startBridge({
            redisUrl: url,
            folder,
            platformUrl: 'http://127.0.0.1:9',
            roles: 'receiver',
            flags: bridgeFlags,
          }),
        ),
      reference: () => admit(effort, ({ url }) => startBareReceiver({ redisUrl: url, folder })),
    })
    const row = (what: string, unit: string, value: (result: Admitted) => number): Row => ({
      figure: 'admission',
      what,
      unit,
      ours: found.ours.map(value),
      reference: found.reference.map(value),
    })
    const rate = row('webhooks', '/s', ({ perSecond }) => perSecond)
    const p99 = row('p99', 'ms', ({ p99Ms }) => p99Ms)
    const cpu = row('process CPU per webhook', 'µs', ({ cpuMicros }) => cpuMicros)
    return [
      { ...rate, target: ratioTarget(rate, '≥', 1.3) },
      row('p50', 'ms', ({ p50Ms }) => p50Ms),
      { ...p99, target: either(atMost(p99, 20, 'ms'), ratioTarget(p99, '≤', 1)) },
      { ...cpu, target: ratioTarget(cpu, '≤', 0.8) },
      row('Redis CPU per webhook', 'µs', ({ redisMicros }) => redisMicros),
    ]
  },
}
