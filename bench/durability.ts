import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InboundMessage } from '../src/bridge/message.ts'
import { connectRedis, type Redis, untilUsable } from '../src/lib/redis.ts'
import { createSealer } from '../src/lib/seal.ts'
import { createQueueing } from '../src/queue/index.ts'
import { parseLaneEntry } from '../src/queue/lanes.ts'
import { freePort } from '../test/support/free-port.ts'
import { median } from './statistics.ts'

/**
 * `node bench/durability.ts [--pairs 3] [--seconds 4]`: what `appendfsync everysec` and `always` cost, and what each loses when
 * Redis is killed.
 *
 * Webhooks' messages are admitted one to a body by 50 senders, with the bridge's own code, until the server gets SIGKILL. Then it is
 * started on its files, and what had been acknowledged is looked for. The crash of a process leaves the operating system's memory,
 * hence the file, whole: this is no crash of a host, which may lose what was not yet synced. That cannot be played here; for `everysec`
 * Redis itself names up to two seconds. https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 */

const senders = 50
const users = 5_000
const modes = ['everysec', 'always'] as const
type Mode = (typeof modes)[number]

interface Outcome {
  readonly perSecond: number
  readonly acknowledged: number
  readonly lost: number
}

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`)
  return at === -1 ? otherwise : Number(process.argv[at + 1])
}

/** A run that fails leaves no server behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const server of running) server.kill('SIGKILL')
})

async function startServer(folder: string, port: number, mode: Mode): Promise<ChildProcess> {
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes']
  const server = spawn('redis-server', [...words, '--appendfsync', mode], { stdio: 'ignore' })
  running.add(server)
  server.once('exit', () => running.delete(server))
  await once(server, 'spawn')
  return server
}

const messageOf = (number: number): InboundMessage => ({
  id: String(number),
  conversation: { channel: 'bench', user: `U${number % users}` },
  at: Date.now(),
  platform: 'LINE',
  content: { kind: 'text', text: 'A text of 25 characters..' },
})

/** The ids of all messages that wait in lanes. */
async function waiting(redis: Redis): Promise<Set<string>> {
  const ids = new Set<string>()
  const lanes = await redis.keys('{bench}:lane:*')
  for (const entries of await Promise.all(lanes.map((lane) => redis.lrange(lane, 0, -1))))
    for (const entry of entries) ids.add(parseLaneEntry(entry).id)
  return ids
}

async function run(mode: Mode, seconds: number): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-durability-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const onError = () => {}
  let server = await startServer(folder, port, mode)
  const front = connectRedis({ url, failFast: true, onError })
  const back = connectRedis({ url, failFast: false, onError })
  await untilUsable(front, new AbortController().signal)
  const queueing = createQueueing({
    front,
    back,
    keyPrefix: 'bench',
    sealer: createSealer({ keys: [] }),
    channels: ['bench'],
    traceDays: 30,
    deadLetterDays: 30,
    emit: () => {},
    onError,
  })
  const acknowledged: string[] = []
  let next = 0
  let over = false
  async function send(): Promise<void> {
    while (!over) {
      const message = messageOf(next)
      next += 1
      try {
        await queueing.admit('bench', 'inbound', [{ kind: 'message', id: message.id, message }])
      } catch {
        return
      }
      acknowledged.push(message.id)
    }
  }
  const startedAt = performance.now()
  const sending = Promise.all(Array.from({ length: senders }, send))
  await sleep(seconds * 1_000)
  server.kill('SIGKILL')
  const tookMs = performance.now() - startedAt
  await once(server, 'exit')
  over = true
  await sending

  server = await startServer(folder, port, mode)
  const found = await waiting(back)
  const lost = acknowledged.filter((id) => !found.has(id)).length
  await queueing.stop()
  front.disconnect()
  back.disconnect()
  server.kill('SIGKILL')
  await once(server, 'exit')
  await rm(folder, { recursive: true, force: true })
  return { perSecond: acknowledged.length / (tookMs / 1_000), acknowledged: acknowledged.length, lost }
}

const pairs = option('pairs', 3)
const seconds = option('seconds', 4)
const outcomes = new Map<Mode, Outcome[]>(modes.map((mode) => [mode, []]))
for (let pair = 0; pair < pairs; pair += 1) for (const mode of modes) outcomes.get(mode)?.push(await run(mode, seconds))

process.stdout.write('appendfsync   admitted/s (median)   acknowledged   lost after SIGKILL\n')
for (const [mode, all] of outcomes) {
  const sum = (of: (outcome: Outcome) => number) => all.reduce((total, outcome) => total + of(outcome), 0)
  const rate = Math.round(median(all.map(({ perSecond }) => perSecond)))
  const counts = [sum(({ acknowledged }) => acknowledged), sum(({ lost }) => lost)]
  process.stdout.write(
    `${mode.padEnd(12)}  ${String(rate).padStart(19)}   ${String(counts[0]).padStart(12)}   ${String(counts[1]).padStart(18)}\n`,
  )
}
process.exitCode = [...outcomes.values()].flat().some(({ lost }) => lost > 0) ? 1 : 0
