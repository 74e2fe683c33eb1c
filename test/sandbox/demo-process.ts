import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from '../support/until.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** `npm run demo` as a process of its own, on free ports. */
export interface Demo {
  readonly process: ChildProcess
  /** Addresses, as it printed them. */
  readonly page: string
  readonly bridge: string
  readonly line: string
  /** All that it printed so far. */
  readonly output: () => string
  /** Ends it if it still runs. */
  kill(): Promise<void>
}

/** The demo looks for free ports before it takes them; another test may have been quicker. */
const attempts = 3

/** Resolves when it has told its addresses. */
export async function startDemo(attempt = 1): Promise<Demo> {
  const child = spawn(process.execPath, ['src/sandbox/demo.ts', '--any-ports'], { cwd: root })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const address = (label: string) => output.match(new RegExp(`${label}\\s+(http://[^\\s,]+)`))?.[1]
  const isOver = () => child.exitCode !== null
  await until('the end of its start', () => isOver() || output.includes('Ctrl-C ends it.'), 30_000)
  if (isOver()) {
    if (attempt < attempts && output.includes('EADDRINUSE')) return startDemo(attempt + 1)
    throw new Error(`The demo ended: ${output}`)
  }
  return {
    process: child,
    page: address('Phone, bridge and desk') ?? '',
    bridge: address('The bridge itself') ?? '',
    line: address('Played LINE') ?? '',
    output: () => output,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
