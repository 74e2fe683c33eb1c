/** `npm run erase`: see {@link eraseUsage}. A program of its own: it reads the command line and sets the exit code. */
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { channelTypes } from '../channels/index.ts'
import { type Config, ConfigFaults, readConfig } from '../config.ts'
import { readEnvironment } from '../lib/dot-env.ts'
import { createLogger } from '../lib/logger.ts'
import { connectRedis, untilUsable } from '../lib/redis.ts'
import { createRedisCache } from '../lib/redis-cache.ts'
import { rewriteHistory } from '../lib/redis-history.ts'
import { findRedisServer, startRedisServer } from '../lib/redis-server.ts'
import { createSealer } from '../lib/seal.ts'
import { createMediaStore } from '../media/store.ts'
import { createLogListener } from '../observe/log.ts'
import { createQueueEraser } from '../queue/erase.ts'
import { createQuotes } from '../quotes/store.ts'
import { type EraseOrder, EraseUsageError, eraseUsage, readOrder } from './command.ts'
import { erasePerson } from './erase.ts'
import { createErasers } from './erasers.ts'
import { type ErasureReport, type KeptLine, reportText } from './report.ts'

const exits = { failed: 1, usage: 2, config: 78 } as const

/** Where the bridge's private Redis has its data; see main.ts of the bridge. */
const dataFolder = './.data/redis'
const redisWaitMs = 5_000
/** Longer than any outgoing call of the bridge may take. */
const deliveryWaitMs = 20_000
const rewriteWaitMs = 60_000

process.exitCode = await run()

async function run(): Promise<number> {
  try {
    const order = readOrder(process.argv.slice(2))
    if (!order) {
      process.stdout.write(eraseUsage)
      return 0
    }
    const config = configure()
    const settings = config.channels.find(({ name }) => name === order.channel)
    if (!settings) {
      const names = config.channels.map(({ name }) => name).join(', ')
      throw new EraseUsageError(`There is no channel ${order.channel} in the configuration, only ${names}.`)
    }
    return await audited(order, () => erase(order, config, settings.type))
  } catch (error) {
    const lines = error instanceof ConfigFaults ? error.lines.map((line) => `  ${line}\n`).join('') : ''
    if (lines) process.stderr.write(`The configuration cannot be used:\n${lines}`)
    else process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    if (error instanceof EraseUsageError) process.stderr.write(`\n${eraseUsage}`)
    if (error instanceof ConfigFaults) return exits.config
    return error instanceof EraseUsageError ? exits.usage : exits.failed
  }
}

function configure(): Config {
  const environment = readEnvironment(process)
  return readConfig({ path: environment.BRIDGE_CONFIG ?? 'bridge.config.yaml', environment })
}

/** Writes down who did what, whether it came to its end or not. */
async function audited(order: EraseOrder, work: () => Promise<ErasureReport>): Promise<number> {
  const { channel, user, reason, json } = order
  const told = createLogListener({ logger: createLogger({ level: 'info', to: 'stderr' }) })
  const act = { type: 'operator.acted', action: 'erase', who: operator(), channel, user } as const
  const why = reason === undefined ? {} : { reason }
  try {
    const report = await work()
    told({ ...act, ...why, count: report.removed.reduce((sum, { count }) => sum + count, 0) })
    process.stdout.write(`${json ? JSON.stringify(report) : reportText(report)}\n`)
    return report.underWay > 0 ? exits.failed : 0
  } catch (error) {
    told({ ...act, ...why, count: 0, failed: true })
    throw error
  }
}

function operator(): string {
  try {
    return userInfo().username
  } catch {
    // Containers run under numbers that have no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** The configured Redis; else the private one of the bridge that runs here; else it is started for this once. */
async function openRedis(config: Config): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const nothing = async () => undefined
  const running = config.redis.url ?? findRedisServer(dataFolder)
  if (running) return { url: running, stop: nothing }
  // Started in another folder, it would find nothing, and say so.
  if (!existsSync(dataFolder))
    throw new Error(`There is no ${dataFolder} here: run this in the folder in which the bridge runs.`)
  return startRedisServer({ folder: dataFolder, environment: process.env })
}

async function erase(order: EraseOrder, config: Config, type: keyof typeof channelTypes): Promise<ErasureReport> {
  const person = { channel: order.channel, user: order.user }
  const { keyPrefix, encryptionKeys } = config.redis
  const { traceDays } = config.retention
  const server = await openRedis(config)
  const redis = connectRedis({ url: server.url, failFast: true, onError: () => undefined })
  const { store: folder, signingSecret: secrets } = config.media
  const quotes = createQuotes({ folder, secrets, onError: () => undefined })
  try {
    const queues = createQueueEraser({ redis, keyPrefix, traceDays })
    if (!(await untilUsable(redis, AbortSignal.timeout(redisWaitMs)))) throw new Error('Redis does not answer.')
    const traced = await queues.messagesOf(person)
    const erasers = createErasers({
      queues,
      store: createMediaStore({ folder }),
      quotes,
      cache: createRedisCache({
        redis,
        base: `{${keyPrefix}}:`,
        sealer: createSealer({ keys: encryptionKeys }),
      }),
      personKeys: channelTypes[type].personKeys,
      traced,
    })
    const erasure = await erasePerson({ person, erasers, underWay: queues.underWay, waitMs: deliveryWaitMs })
    const kept: KeptLine[] = [
      {
        what: 'traces',
        label: 'traces',
        count: traced.length,
        why: `ids and times, no texts; they go ${traceDays} days after the message`,
      },
      {
        what: 'block_mark',
        label: 'mark that the customer blocked us',
        count: (await queues.blocked(person)) ? 1 : 0,
        why: 'a time, no text; without it we would write to somebody who does not want it',
      },
    ]
    return { ...person, ...erasure, kept, appendOnlyFile: await rewriteHistory(redis, rewriteWaitMs) }
  } finally {
    await quotes.close()
    redis.disconnect()
    await server.stop()
  }
}
