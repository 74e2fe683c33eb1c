import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { startProcessWorld } from '../support/bridge-process.ts'
import { freePort } from '../support/free-port.ts'
import { journeys } from '../support/journeys.ts'
import { arrived, metric, onDesk, onPhone, pushes } from '../support/looks.ts'
import { answer, friendOf, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { mostIn, watchStalls } from '../support/windows.ts'
import { taiwan, thailand } from '../support/world.ts'

const { keep, redis } = journeys()

interface Settings {
  readonly genesys?: object
  readonly line?: object
  /** Gives the second brand an OAuth client of its own. */
  readonly ownClient?: boolean
}

/** A receiver and two workers, each a process of its own. */
async function startThree({ genesys = {}, line = {}, ownClient = false }: Settings) {
  const world = keep(await startProcessWorld((await redis()).url))
  const channels = (world.config.channels as { name: string; genesys: object; line: object }[]).map((channel) => ({
    ...channel,
    line: { ...channel.line, ...line },
    genesys: {
      ...channel.genesys,
      ...genesys,
      ...(ownClient && channel.name === taiwan.name && { clientId: 'client-2', clientSecret: 'client-secret-2' }),
    },
  }))
  const ports = [await freePort(), await freePort()]
  const workers = await Promise.all(
    ports.map((port) =>
      world.start({
        config: { ...world.config, channels, server: { ...(world.config.server as object), port } },
        environment: { BRIDGE_ROLES: 'worker' },
      }),
    ),
  )
  const receiver = await world.start({
    config: { ...world.config, channels },
    environment: { BRIDGE_ROLES: 'receiver' },
  })
  await Promise.all([receiver, ...workers].map((bridge) => bridge.ready()))
  const hasDelivered = ({ log }: (typeof workers)[number]) => log.some((one) => one.includes('"outcome":"delivered"'))
  /** Which worker takes how many is a matter of luck: sends `another` message until each has had a part. */
  const untilBothTakePart = (another: () => unknown) =>
    until('both to take part', async () => {
      if (workers.every(hasDelivered)) return true
      another()
      return sleep(100, false)
    })

  /** How long a worker stood still at most since the last call, in ms, as exactly as it looks itself: every 10 ms. */
  const workersStalledMs = async () => {
    const lags = ports.map((port) => metric({ url: `http://127.0.0.1:${port}` }, 'nodejs_eventloop_lag_max_seconds'))
    return Math.max(10, ...(await Promise.all(lags)).map((seconds) => seconds * 1_000)) - 10
  }
  /** What a worker was granted before it stood still is sent later by as much, and noted later by as much as this process stands still. */
  const watchAllStalls = async () => {
    await workersStalledMs()
    const stalledMs = watchStalls()
    return async () => stalledMs() + (await workersStalledMs())
  }
  return { world, untilBothTakePart, watchAllStalls }
}

test('two workers share the budget of an OAuth client: no second sees more than a sixtieth of it', async () => {
  const { world, untilBothTakePart, watchAllStalls } = await startThree({
    genesys: { requestsPerMinute: 600, receipts: 'failures' },
  })
  const stalledMs = await watchAllStalls()
  let count = 0
  const another = () => {
    write(world, `message ${count}`, count % 2 === 0 ? thailand : taiwan, `U${String(count).padStart(32, '0')}`)
    count += 1
  }
  while (count < 60) another()
  await untilBothTakePart(another)
  await arrived(world, count, 20_000)

  const sent = world.genesys.requests.filter(({ endpoint }) => endpoint === 'message').map(({ at }) => at)
  expect(sent).toHaveLength(count)
  expect(mostIn(1_000 - (await stalledMs()), sent)).toBeLessThanOrEqual(10)
  expect(mostIn(60_000, sent)).toBeLessThanOrEqual(600)
  // Nor is it wasted: sixty take no longer than six seconds and a half.
  expect(Math.max(...sent) - Math.min(...sent)).toBeLessThan(2_000 + count * 100)
}, 40_000)

test('a 429 that one worker got holds the other too, and another client’s brand goes on', async () => {
  const { world } = await startThree({ ownClient: true })
  const users = Array.from({ length: 12 }, (_, number) => `U${String(number).padStart(32, '0')}`)
  world.genesys.break('message', {
    answer: 429,
    retryAfterSeconds: 3,
    times: 1,
    when: ({ path }) => path.includes(thailand.integrationId),
  })
  write(world, 'one', thailand, users[0])
  await until('the 429', () => world.genesys.requests.some(({ status }) => status === 429))
  // Told to all by way of Redis, as soon as the answer was there.
  await until('the hold', () => world.log.some((one) => one.includes('"outcome":"wait"')))
  for (const user of users.slice(1)) write(world, 'hello', thailand, user)
  for (const user of users) write(world, 'hello', taiwan, user)
  await Promise.all(users.map((user) => onDesk(world, 'hello', taiwan, user)))
  await Promise.all(users.slice(1).map((user) => onDesk(world, 'hello', thailand, user)))

  const calls = world.genesys.requests.filter(({ endpoint }) => endpoint === 'message')
  const refusedAt = calls.find(({ status }) => status === 429)?.at ?? 0
  const after = (integrationId: string) =>
    calls.filter(({ path, status }) => path.includes(integrationId) && status === 200).map(({ at }) => at - refusedAt)
  expect(Math.min(...after(thailand.integrationId))).toBeGreaterThanOrEqual(2_950)
  expect(Math.max(...after(taiwan.integrationId))).toBeLessThan(2_950)
}, 40_000)

test('two workers share a LINE account’s pushes per second, and the other account has its own', async () => {
  const { world, untilBothTakePart, watchAllStalls } = await startThree({
    line: { pushesPerSecond: 10 },
    genesys: { receipts: 'failures' },
  })
  const stalledMs = await watchAllStalls()
  const users: string[] = []
  const another = () => {
    const user = friendOf(world, thailand, users.length)
    users.push(user)
    answer(world, 'hello', thailand, user)
  }
  while (users.length < 30) another()
  await untilBothTakePart(another)
  answer(world, 'hello', taiwan)
  await onPhone(world, 'hello', taiwan)
  await Promise.all(users.map((user) => onPhone(world, 'hello', thailand, user)))

  const sent = pushes(world).filter(({ headers }) => String(headers.authorization).endsWith(thailand.name))
  const moments = sent.map(({ at }) => at)
  expect(moments).toHaveLength(users.length)
  expect(mostIn(1_000 - (await stalledMs()), moments)).toBeLessThanOrEqual(10)
}, 40_000)
