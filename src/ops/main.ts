/** `npm run ops`: see {@link opsUsage}. A program of its own: it reads command line and environment and sets the exit code. */
import { type Config, ConfigFaults, readConfig } from '../config.ts'
import { readEnvironment } from '../lib/dot-env.ts'
import { reachedAddress } from '../lib/reached-address.ts'
import { type Access, createOpsClient, OpsRefused } from './client.ts'
import { isWebAddress, OpsUsageError, opsUsage, readCommandLine } from './command-line.ts'
import { runCommand } from './run.ts'

function addressOf({ host, port }: Config['server']): string {
  if (port === 0) throw new OpsUsageError('server.port is 0, so that nobody can know the address: name it with --url.')
  return reachedAddress(host, port)
}

/** The configuration is only read where something is missing, since not everybody who operates has all its secrets. */
function accessOf(givenUrl: string | undefined): Access {
  const environment = readEnvironment(process)
  const { BRIDGE_ADMIN_USERNAME, BRIDGE_ADMIN_PASSWORD, BRIDGE_URL, BRIDGE_CONFIG } = environment
  let config: Config | undefined
  const configured = (): Config => {
    config ??= readConfig({ path: BRIDGE_CONFIG ?? 'bridge.config.yaml', environment })
    return config
  }
  const url = givenUrl ?? (BRIDGE_URL || addressOf(configured().server))
  if (!isWebAddress(url)) throw new OpsUsageError('BRIDGE_URL is not an http or https address.')
  if (BRIDGE_ADMIN_USERNAME && BRIDGE_ADMIN_PASSWORD)
    return { url, username: BRIDGE_ADMIN_USERNAME, password: BRIDGE_ADMIN_PASSWORD }
  const { admin } = configured()
  if (!admin) throw new OpsRefused('The configuration has no admin, so that the bridge has no console to speak to.')
  return { url, ...admin }
}

async function run(): Promise<number> {
  const line = readCommandLine(process.argv.slice(2))
  if (!line) {
    process.stdout.write(opsUsage)
    return 0
  }
  const client = createOpsClient(accessOf(line.url))
  const { answer, text, exitCode } = await runCommand(line.command, client)
  process.stdout.write(line.json ? `${JSON.stringify(answer, null, 2)}\n` : text)
  return exitCode
}

try {
  process.exitCode = await run()
} catch (error) {
  const lines =
    error instanceof ConfigFaults
      ? [
          'The configuration cannot be used:',
          ...error.lines.map((fault) => `  ${fault}`),
          'It is not needed where BRIDGE_URL, BRIDGE_ADMIN_USERNAME and BRIDGE_ADMIN_PASSWORD are set.',
        ]
      : [error instanceof OpsUsageError || error instanceof OpsRefused ? error.message : 'Something went wrong.']
  process.stderr.write(lines.map((one) => `${one}\n`).join(''))
  if (error instanceof OpsUsageError) process.stderr.write('\nnpm run ops -- --help tells what there is.\n')
  process.exitCode = error instanceof OpsUsageError ? 2 : 1
}
