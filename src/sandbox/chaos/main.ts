import { mkdtemp, rm } from 'node:fs/promises'
import { enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ChaosOptions, ChaosUsageError, chaosUsage, readOptions } from './options.ts'
import { reportText } from './report.ts'
import { runChaos } from './run.ts'

/** How long stopping may take before the process ends anyway. */
const stopWithinMs = 10_000

enableCompileCache()
process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options) return await run(options)
    process.stdout.write(chaosUsage)
    return 0
  } catch (error) {
    if (!(error instanceof ChaosUsageError)) throw error
    process.stderr.write(`${error.message}\n\n${chaosUsage}`)
    return 64
  }
}

/** 0: all is well; 1: something happened that must not; 2: the run could not be made. */
async function run(options: ChaosOptions): Promise<number> {
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const folder = await mkdtemp(join(tmpdir(), 'bridge-chaos-'))
  const stack = new AsyncDisposableStack()
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupted) process.exit(130)
      interrupted = true
      setTimeout(() => process.exit(130), stopWithinMs).unref()
      stack
        .disposeAsync()
        .then(() => rm(folder, { recursive: true, force: true }))
        .finally(() => process.exit(130))
    })
  }
  say(`chaos, seed ${options.seed}: ${options.messages} messages; data and logs in ${folder}`)
  let code = 2
  try {
    const { result, offenders } = await runChaos({ options, folder, environment: forChildren(), stack, say })
    code = result.good ? 0 : 1
    process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : `${reportText(result)}\n`)
    if (offenders) say(`The first that went wrong:\n${offenders}`)
  } catch (error) {
    if (!interrupted) say(error instanceof Error ? `The run could not be made: ${error.message}` : String(error))
  }
  await stack.disposeAsync()
  if (code === 0 && !options.keep) await rm(folder, { recursive: true, force: true })
  else say(`Logs, data and run.json are in ${folder}`)
  return code
}

/** Nothing of a person's own settings may reach the bridge of a run. */
function forChildren(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE } = process.env
  return {
    PATH,
    HOME,
    TMPDIR,
    ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: resolve(NODE_COMPILE_CACHE) }),
  }
}
