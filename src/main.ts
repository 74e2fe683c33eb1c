import { enableCompileCache } from 'node:module'
import { ConfigFaults, readConfig, readRoles } from './config.ts'
import { errorCode } from './lib/error-code.ts'
import { createLogger } from './lib/logger.ts'
import { keepRedisServer } from './lib/redis-keeper.ts'

/** sysexits.h: something is wrong with the configuration. */
const exitConfig = 78

/** Whatever is still under way then is taken up by another process, or by the next start. */
const stopWithinMs = 18_000

enableCompileCache()
const environment = readEnvironment()
await run()

/** Variables of the process win over those of `.env`. */
function readEnvironment(): NodeJS.ProcessEnv {
  try {
    process.loadEnvFile()
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
  return process.env
}

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
  try {
    // The private Redis starts while the rest of the program is being loaded.
    const redisServer = config.redis.url
      ? undefined
      : keepRedisServer({
          folder: './.data/redis',
          environment,
          onEnded: () => logger.error('redis.ended'),
        })
    redisServer?.catch(() => undefined)
    const { createApp } = await import('./app.ts')
    const app = await createApp({ config, roles, logger, environment, ...(redisServer && { redisServer }) })

    const stop = once((exitCode: number) => {
      setTimeout(() => process.exit(exitCode), stopWithinMs).unref()
      app.stop().then(
        () => process.exit(exitCode),
        () => process.exit(1),
      )
    })
    process.on('SIGTERM', () => stop(0))
    process.on('SIGINT', () => stop(0))
    process.on('uncaughtException', (error) => {
      logger.fatal({ name: error.name, place: error.stack?.split('\n')[1]?.trim() }, 'process.failed')
      stop(1)
    })
    await app.start()
  } catch (error) {
    process.stderr.write(`The bridge could not start: ${error instanceof Error ? error.message : 'unknown error'}\n`)
    process.exit(1)
  }
}

/** Later calls do nothing. */
function once<T>(action: (value: T) => void): (value: T) => void {
  let done = false
  return (value) => {
    if (done) return
    done = true
    action(value)
  }
}
