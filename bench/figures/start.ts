import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { copyFile, mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePorts } from '../../src/sandbox/free-ports.ts'
import { bridgeConfig } from '../bridge.ts'
import { atMost, type Row } from '../rows.ts'
import { root } from '../start-command.ts'
import type { Effort, Figure } from './figure.ts'

const askAgainAfterMs = 5
const withinMs = 30_000

/** The machine's own `npm` and `node`, as in a terminal, and not those that npm puts in front for its scripts. */
const ownPath = (): string =>
  (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':')

const isReady = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

/** Runs `npm start` in a folder without data and times it until `/readyz` answers 200. */
async function startOnce({ folder: parent }: Effort): Promise<number> {
  const folder = await mkdtemp(join(parent, 'start-'))
  // The program's own files, but a working directory of its own, for the data lie there.
  await copyFile(`${root}package.json`, join(folder, 'package.json'))
  await symlink(`${root}src`, join(folder, 'src'))
  await symlink(`${root}node_modules`, join(folder, 'node_modules'))
  const { port } = await findFreePorts({ port: 0 })
  const config = bridgeConfig({ port, redisUrl: '', folder, platformUrl: 'http://127.0.0.1:9' })
  await writeFile(join(folder, 'bridge.config.yaml'), JSON.stringify(config))
  const output = join(folder, 'output.log')
  const file = openSync(output, 'a')
  const beganAt = performance.now()
  const npm = spawn('npm', ['start'], {
    cwd: folder,
    env: { PATH: ownPath(), HOME: process.env.HOME },
    detached: true,
    stdio: ['ignore', file, file],
  })
  const exited = once(npm, 'exit')
  const group = -(npm.pid ?? 0)
  try {
    while (!(await isReady(`http://127.0.0.1:${port}/readyz`))) {
      if (npm.exitCode !== null || performance.now() - beganAt > withinMs)
        throw new Error(`npm start did not become ready:\n${readFileSync(output, 'utf8')}`)
      await sleep(askAgainAfterMs)
    }
    return (performance.now() - beganAt) / 1_000
  } finally {
    if (npm.exitCode === null) process.kill(group, 'SIGTERM')
    await exited
  }
}

/** From the command to readiness. */
export const start: Figure = {
  name: 'start',
  about: 'npm start with the embedded Redis and an empty data folder, until it is ready',
  async measure(effort) {
    const seconds: number[] = []
    for (let run = 1; run <= 5; run += 1) {
      effort.say(`start: run ${run}`)
      seconds.push(await startOnce(effort))
    }
    const row: Row = { figure: 'start', what: 'npm start to ready', unit: 's', ours: seconds }
    return [{ ...row, target: atMost(row, 1.2, 's') }]
  },
}
