import { ConfigFaults, readConfig, readRoles } from './config.ts'
import { readEnvironment } from './lib/dot-env.ts'
import { createFaultPoints } from './lib/fault-points.ts'
import { giveMemoryBack } from './lib/idle-memory.ts'
import { createLogger } from './lib/logger.ts'
import { keepRedisServer } from './lib/redis-keeper.ts'
import { delayTurboFan } from './lib/tier-up.ts'

/** sysexits.h: something is wrong with the configuration. */
const exitConfig = 78

/** Whatever is still under way then is taken up by another process, or by the next start. */
const stopWithinMs = 18_000

/** A load balancer that asks for readiness sees for so long that the process stops, and is still served. */
const drainMs = 1_000

const environment = readEnvironment(process)
await run()

function configure() {
  try {
    const config = readConfig({ path: environment.BRIDGE_CONFIG ?? 'bridge.config.yaml', environment })
    return { config, roles: readRoles(environment.BRIDGE_ROLES) }
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error
    process.stderr.write(`The configuration cannot be used:\n${error.lines.map((line) => `  ${line}\n`).join('')}`)
    process.exit(exitConfig)
  }
}

async function run(): Promise<void> {
  const { config, roles } = configure()
  const logger = createLogger(config.log)
  for (const warning of config.warnings) logger.warn({ warning }, 'config.warning')
  const ending = Promise.withResolvers<number>()
  process.on('SIGTERM', () => ending.resolve(0))
  process.on('SIGINT', () => ending.resolve(0))
  process.on('uncaughtException', (error) => {
    logger.fatal({ name: error.name, place: error.stack?.split('\n')[1]?.trim() }, 'process.failed')
    ending.resolve(1)
  })
  try {
    const faults = createFaultPoints(environment.BRIDGE_FAULT_POINT)
    // The private Redis starts while the rest of the program is being loaded.
    const redisServer = config.redis.url
      ? undefined
      : keepRedisServer({ folder: './.data/redis', environment, onEnded: () => logger.error('redis.ended') })
    redisServer?.catch(() => undefined)
    const { createApp } = await import('./app.ts')
    const app = await createApp({
      config,
      roles,
      logger,
      environment,
      drainMs,
      faults,
      ...(redisServer && { redisServer }),
    })
    // Platforms' budgets say how quick a process is that only delivers. One that is to take a flood of webhooks should be at its best early.
    if (!roles.has('receiver')) delayTurboFan()
    // A signal may come at any time from now on, or have come already: what has been started is then stopped.
    const started = app.start()
    giveMemoryBack({ collect: globalThis.gc })
    const exitCode = await Promise.race([ending.promise, started.then(() => ending.promise)])
    setTimeout(() => process.exit(exitCode), stopWithinMs).unref()
    await app.stop()
    process.exit(exitCode)
  } catch (error) {
    process.stderr.write(`The bridge could not start: ${error instanceof Error ? error.message : 'unknown error'}\n`)
    process.exit(1)
  }
}
