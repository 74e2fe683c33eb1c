import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { demoConfig, demoPorts } from './demo-world.ts'
import { findFreePorts } from './free-ports.ts'

const help = `npm run demo [-- options]

The whole bridge between a LINE and a Genesys Cloud that are only played: no account, nothing leaves this machine.

  --any-ports     takes whatever ports are free, instead of the usual ones or those next to them
  --no-opening    begins with an empty phone
  --help          this text

LOG_LEVEL (default error) says how much of the bridge's log is shown here: info shows every message.
`

/** How long stopping may take before the process ends anyway. */
const stopWithinMs = 15_000

enableCompileCache()
await run()

async function run(): Promise<void> {
  const options = readOptions()
  if (options.help) {
    process.stdout.write(help)
    return
  }
  const stack = new AsyncDisposableStack()
  endOnSignals(stack)
  try {
    await start(stack, options)
  } catch (error) {
    process.stderr.write(`The demo could not start: ${error instanceof Error ? error.message : 'unknown error'}\n`)
    await stack.disposeAsync().catch(() => undefined)
    process.exit(1)
  }
}

interface Options {
  readonly help: boolean
  readonly anyPorts: boolean
  readonly opening: boolean
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean', default: false },
        'any-ports': { type: 'boolean', default: false },
        'no-opening': { type: 'boolean', default: false },
      },
    })
    return { help: values.help, anyPorts: values['any-ports'], opening: !values['no-opening'] }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${help}`)
    process.exit(64)
  }
}

/** Everything is closed in the reverse order of its start. A second signal ends the process at once. */
function endOnSignals(stack: AsyncDisposableStack): void {
  let ending = false
  const end = () => {
    if (ending) process.exit(130)
    ending = true
    setTimeout(() => process.exit(1), stopWithinMs).unref()
    stack.disposeAsync().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  process.on('SIGHUP', end)
}

async function start(stack: AsyncDisposableStack, options: Options): Promise<void> {
  const wanted = options.anyPorts ? { bridge: 0, page: 0, genesys: 0, lineApi: 0, lineData: 0 } : demoPorts
  const folder = await mkdtemp(join(tmpdir(), 'line-genesys-demo-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  // The parts are loaded while the ports are looked for.
  const [ports, { startDemo }, { createApp }, { readConfig, readRoles }, { createLogger }] = await Promise.all([
    findFreePorts(wanted),
    import('./start-demo.ts'),
    import('../app.ts'),
    import('../config.ts'),
    import('../lib/logger.ts'),
  ])
  const demo = await startDemo({
    ports,
    wanted,
    stack,
    opening: options.opening,
    async startBridge({ variables, observe }) {
      const environment = {
        ...process.env,
        ...variables,
        MEDIA_STORE: join(folder, 'media'),
        LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
      }
      const path = join(folder, 'bridge.config.yaml')
      const example = await readFile(new URL('../../bridge.config.yaml', import.meta.url), 'utf8')
      await writeFile(path, demoConfig(example))
      const config = readConfig({ path, environment })
      const app = await createApp({
        config,
        roles: readRoles(undefined),
        logger: createLogger(config.log),
        environment,
        dataFolder: join(folder, 'redis'),
        observe,
      })
      stack.defer(app.stop)
      await app.start()
      return app
    },
  })
  process.stdout.write(demo.welcome)
}
