import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bridgeConfig, createPlatforms } from './brands.ts'
import { startChooser } from './chooser.ts'
import { startClock } from './clock.ts'
import { createHarm } from './harm.ts'
import { planHarm } from './harm-plan.ts'
import { type HistoryBook, keepHistory, keyOf, type Tracked } from './history.ts'
import { judgeRun, type Verdict } from './judge.ts'
import { brandOf, describeOffenders } from './offenders.ts'
import type { ChaosOptions } from './options.ts'
import { keepBringings, outcomeOf } from './outcomes.ts'
import { startProcesses } from './processes.ts'
import { type RunResult, resultOf } from './report.ts'
import { startStore } from './store.ts'
import { talk } from './talk.ts'
import { planTalk } from './talk-plan.ts'
import { askWhereabouts } from './whereabouts.ts'

/** New messages wait while as many as are begun in this time have not arrived. */
const mostWaitingSeconds = 10
/** What is not there so long after the last fault and the last message counts as stuck; so does all when nothing moves for so long. */
const patienceMs = 60_000
const progressMs = 3_000

/**
 * One run, from an empty Redis to the verdict. Everything that it starts is on the stack before it goes on.
 * @param request.folder gets configuration, data, logs, and in the end `run.json` with all that was done and what went wrong
 * @param request.say lines for the person who waits
 */
export async function runChaos(request: {
  readonly options: ChaosOptions
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stack: AsyncDisposableStack
  readonly say: (line: string) => void
}): Promise<{ readonly result: RunResult; readonly offenders: string }> {
  const { options, folder, environment, stack, say } = request
  const { seed, messages, perSecond } = options
  const ending = new AbortController()
  stack.defer(() => ending.abort())
  const { signal } = ending

  const plan = planTalk({ seed, messages, perSecond })
  const harms = planHarm({ ...options, durationMs: plan.durationMs })

  const store = await startStore({ folder: join(folder, 'redis'), environment })
  stack.defer(store.stop)
  const chooser = await startChooser({
    ports: () => processes?.receivers.map((one) => one.port()).filter((port) => port !== undefined) ?? [],
  })
  stack.defer(chooser.stop)
  const platforms = createPlatforms({
    seed,
    bridgeUrl: chooser.url,
    customers: plan.customers,
    keepRequests: 50_000 + 20 * messages,
  })
  const { line, genesys } = platforms
  stack.defer(async () => void (await Promise.all([line.stop(), genesys.stop()])))
  await Promise.all([line.start(), genesys.start()])
  const configPath = join(folder, 'bridge.config.yaml')
  await writeFile(configPath, bridgeConfig({ redisUrl: store.url, publicUrl: chooser.url, folder, line, genesys }))
  let processes: ReturnType<typeof startProcesses> | undefined
  processes = startProcesses({ ...options, folder, configPath, environment })
  stack.defer(processes.stop)
  await processes.ready()

  const book = keepHistory(platforms)
  const bringings = keepBringings(genesys)
  const mostWaiting = mostWaitingSeconds * perSecond
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  const clock = startClock({ mayRun: () => book.counts.sent - book.counts.arrived < mostWaiting })
  stack.defer(clock.stop)
  const harm = createHarm({ ...options, plan: harms, clock, line, genesys, processes, store, signal })
  const progress = setInterval(() => say(progressLine(seconds(), book, harm.done)), progressMs)
  stack.defer(() => clearInterval(progress))

  let repeated: number | undefined
  let harmed = false
  const doing = Promise.all([
    talk({ plan, clock, line, genesys, book, signal }).then((said) => {
      repeated = said.repeated
    }),
    harm.run().then(() => {
      harmed = true
    }),
  ])
  const progressOf = () => book.counts.sent + book.counts.acknowledged + book.counts.arrived
  let seen = { progress: 0, at: performance.now() }
  let quietAt: number | undefined
  while (performance.now() - Math.min(seen.at, quietAt ?? seen.at) < patienceMs && !signal.aborted) {
    const isSaid = repeated !== undefined
    if (harmed && isSaid && book.unfinished().length === 0) break
    if (harmed && book.counts.sent >= messages) quietAt ??= performance.now()
    if (progressOf() !== seen.progress) seen = { progress: progressOf(), at: performance.now() }
    await (harmed && isSaid ? sleep(100) : Promise.race([doing, sleep(100)]))
  }
  const tookSeconds = seconds()
  await sleep(options.settleMs, undefined, { signal }).catch(() => undefined)
  clearInterval(progress)

  const byMessage = bringings.byMessage()
  const deaths = { deliverers: harm.done.delivererKills, redis: store.outages }
  const port = processes.receivers.map((one) => one.port()).find((one) => one !== undefined)
  for (const one of book.unfinished()) {
    const { state, waiting } = await askWhereabouts({ port, id: one.id })
    one.state = state
    one.waiting = waiting
  }
  const bringingsOf = (one: Tracked) => byMessage.get(keyOf(brandOf(one), one.id)) ?? []
  const histories = book.messages.map((one) => ({
    ...one,
    outcomes: bringingsOf(one)
      .filter(({ request: { accepted } }) => accepted)
      .map((bringing) => outcomeOf(bringing, deaths)),
  }))
  const verdict: Verdict = judgeRun(histories)
  const result = resultOf({
    seed,
    seconds: tookSeconds,
    repeated: repeated ?? 0,
    verdict,
    counts: {
      inbound: histories.filter(({ flow }) => flow === 'inbound').length,
      outbound: histories.filter(({ flow }) => flow === 'outbound').length,
    },
    harm: harm.done,
    violations: line.violations.length,
    strange: book.strange.length,
    crashes: processes.crashes,
  })
  const offenders = describeOffenders({ verdict, all: book.messages, bringings: byMessage, line, deaths })
  await writeFile(
    join(folder, 'run.json'),
    JSON.stringify(
      { result, offenders, journal: harm.done.journal, outages: store.outages, violations: line.violations },
      null,
      1,
    ),
  )
  return {
    result,
    offenders: offenders
      .slice(0, 5)
      .map((one) => JSON.stringify(one))
      .join('\n'),
  }
}

function progressLine(
  seconds: number,
  { counts }: HistoryBook,
  { kills, faults }: ReturnType<typeof createHarm>['done'],
): string {
  const met = [...Object.values(faults.line), ...Object.values(faults.genesys)].reduce((sum, count) => sum + count, 0)
  const waiting = counts.acknowledged - counts.arrived
  return (
    `${seconds.toFixed(0).padStart(5)} s   sent ${counts.sent}   acknowledged ${counts.acknowledged}   arrived ${counts.arrived}` +
    `   waiting ${Math.max(0, waiting)}   kills ${kills.receiver + kills.worker + kills.redis}   faults ${met}`
  )
}
