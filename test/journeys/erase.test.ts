import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { findRedisServer } from '../../src/lib/redis-server.ts'
import { createQuotes } from '../../src/quotes/store.ts'
import { type ProcessWorld, startProcessWorld, statusOf } from '../support/bridge-process.ts'
import { bareEnvironment } from '../support/environment.ts'
import { asBytes, everythingBelow, everythingIn } from '../support/everything.ts'
import { journeys } from '../support/journeys.ts'
import { desk, onDesk, phone } from '../support/looks.ts'
import { answer, friendOf, mark, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'
import { jpeg, pdf } from './files.ts'

const { keep, later, redis: sharedRedis } = journeys()

const program = new URL('../../src/erase/main.ts', import.meta.url).pathname

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program as an operator does, in the bridge's folder. */
async function erase(
  world: ProcessWorld,
  args: readonly string[],
  about: { readonly config?: object; readonly folder?: string } = {},
): Promise<Ended> {
  const path = join(world.folder, 'erase.yaml')
  await writeFile(path, JSON.stringify(about.config ?? world.config))
  const child = spawn(process.execPath, [program, ...args], {
    cwd: about.folder ?? world.folder,
    env: { ...bareEnvironment(), BRIDGE_CONFIG: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const told = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (piece: string) => {
      told[stream] += piece
    })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...told }
}

const his = (user: string): string[] => ['--channel', thailand.name, '--user', user]

/** The texts of a customer that are kept for quotes, as far as they are those of the given messages. */
async function quoted(world: ProcessWorld, user: string, ids: readonly string[]): Promise<readonly string[]> {
  const { store, signingSecret } = world.config.media as { store: string; signingSecret: string }
  const onError = (error: Error) => {
    throw error
  }
  const quotes = createQuotes({ folder: store, secrets: [signingSecret], onError })
  const found = await Promise.all(ids.map((id) => quotes.find({ channel: thailand.name, user }, id)))
  return found.filter((text) => text !== undefined)
}

/** The numbers of a report, by what they count. */
function counts(report: string): Record<string, number> {
  const { removed, kept } = JSON.parse(report) as Record<'removed' | 'kept', { what: string; count: number }[]>
  return Object.fromEntries([...removed, ...kept].map(({ what, count }) => [what, count]))
}

const dataFolder = (world: ProcessWorld): string => join(world.folder, '.data/redis')

/** A connection to the private Redis of a running bridge. */
function connect(world: ProcessWorld): Redis {
  const redis = new Redis(findRedisServer(dataFolder(world)) ?? '')
  later(async () => redis.disconnect())
  return redis
}

const begin = async (redisUrl?: string): Promise<ProcessWorld> => keep(await startProcessWorld(redisUrl))

/** A world in which no bridge is started. */
async function withoutBridge(redisUrl?: string): Promise<ProcessWorld> {
  const world = await startProcessWorld(redisUrl)
  later(world.stop)
  return world
}

/** Picks one customer's requests at a platform. */
const about = (user: string) => (request: { readonly body: unknown }) => JSON.stringify(request.body).includes(user)

/**
 * Has the bridge keep one of everything of a customer: a name, files of both ways, a dead letter, a plan that was begun, buttons, texts
 * for quotes, and words that wait in both directions.
 * @returns the id of a message whose text is kept for quotes
 */
async function leaveTraces(world: ProcessWorld, user: string, name: string): Promise<string> {
  const { line, genesys } = world
  const delivered = write(world, `delivered ${name}`, thailand, user)
  await onDesk(world, `delivered ${name}`, thailand, user)
  line.send(thailand.name, user, { type: 'image', bytes: await jpeg() })
  await until('the picture', () => desk(world, thailand, user).length === 2)
  const sent = { bytes: pdf(), mime: 'application/pdf', fileName: `${mark} for ${name}.pdf` }
  const document = genesys.sendAttachment(thailand.integrationId, user, sent)
  await until('the document', () => document.receipts.length > 0)
  const quickReply = { text: 'Yes', payload: `yes of ${name}`, action: 'Message' }
  const question = { text: `Choose, ${name}`, content: [{ contentType: 'QuickReply', quickReply }] }
  const offer = genesys.sendStructured(thailand.integrationId, user, question, { author: 'Bot' })
  await until('the buttons', () => offer.receipts.length > 0)

  const refusal = genesys.break('message', { answer: 400, when: about(user) })
  write(world, `refused ${name}`, thailand, user)
  const failed = () => world.log.filter((lineOfLog) => lineOfLog.includes('"message.failed"')).length
  const before = failed()
  await until('a dead letter', () => failed() > before)
  refusal()

  genesys.break('message', { answer: 503, when: about(user) })
  line.break('push', { answer: 503, when: about(user) })
  for (const words of ['waits first', 'waits second']) {
    write(world, `${words} ${name}`, thailand, user)
    answer(world, `${words} for ${name}`, thailand, user)
  }
  const attempts = (requests: readonly { readonly status?: number | undefined; readonly body: unknown }[]) =>
    requests.filter((request) => request.status === 503 && about(user)(request)).length
  await until('first attempts', () => attempts(genesys.requests) > 0 && attempts(line.requests) > 0)
  await until('the text for quotes', async () => (await quoted(world, user, [delivered.id])).length > 0)
  return delivered.id
}

describe('the erasure of a customer', () => {
  test('leaves neither words nor files nor a name, while the bridge runs, and touches nobody else’s', async () => {
    const world = await begin()
    const bridge = await world.start()
    await bridge.ready()
    const redis = connect(world)
    // Its password lies in the note that leads there.
    expect((await stat(join(dataFolder(world), 'bridge.lock'))).mode & 0o777).toBe(0o600)
    expect((await stat(dataFolder(world))).mode & 0o777).toBe(0o700)
    // Else the append-only file is compressed, and a search in it would prove nothing.
    await redis.config('SET', 'rdbcompression', 'no')
    const other = friendOf(world, thailand, 7)
    const quotable = await leaveTraces(world, thailand.userId, 'erased one')
    const quotableOther = await leaveTraces(world, other, 'other one')
    await until('all four to wait', async () => {
      const waiting = await redis.keys(`{${(world.config.redis as { keyPrefix: string }).keyPrefix}}:lane:*`)
      return waiting.length === 4
    })
    const everywhere = async (): Promise<string> =>
      [asBytes(await everythingIn(redis)), await everythingBelow(dataFolder(world)), await media()].join('\n')
    const media = (): Promise<string> => everythingBelow(join(world.folder, 'media'))
    const traces = ['erased one', thailand.customer].map(asBytes)
    const before = await everywhere()
    for (const trace of traces) expect(before.includes(trace)).toBe(true)

    const told = await erase(world, [...his(thailand.userId), '--json', '--reason', 'ticket 1'])
    expect(told.stderr).toContain('"operator.acted"')
    expect(counts(told.stdout)).toEqual({
      waiting_inbound: 2,
      waiting_outbound: 2,
      dead_letters: 1,
      files: 2,
      profile: 1,
      offers: 1,
      // Some for each attempt.
      quotes: expect.any(Number),
      traces: 9,
      block_mark: 0,
    })
    expect(await quoted(world, thailand.userId, [quotable])).toEqual([])
    expect(await quoted(world, other, [quotableOther])).toEqual([`${mark} delivered other one`])
    expect(JSON.parse(told.stdout)).toMatchObject({ underWay: 0, appendOnlyFile: 'rewritten' })
    expect(told.code).toBe(0)

    const after = await everywhere()
    for (const trace of traces) expect(after.includes(trace)).toBe(false)
    for (const kept of [
      'refused other one',
      'waits first other one',
      'waits second for other one',
      'yes of other one',
      `${mark} for other one`,
    ])
      expect(after.includes(kept)).toBe(true)
    expect((await media()).match(/\/0\/content$/gm)?.length).toBe(2)
    // Its links are dead; those of the other customer work.
    const links = (user: string) =>
      world.genesys.inbound.filter(({ userId }) => userId === user).flatMap(({ attachment }) => attachment?.url ?? [])
    expect(await Promise.all(links(thailand.userId).map(statusOf))).toEqual([404])
    expect(await Promise.all(links(other).map(statusOf))).toEqual([200])

    // What waited ends when its turn comes, and nobody is looked up for that.
    const withdrawn = () => world.log.filter((lineOfLog) => lineOfLog.includes('"withdrawn"')).length
    await until('the turn of what was erased', () => withdrawn() === 4, 20_000)
    const later = asBytes(await everythingIn(redis))
    for (const trace of traces) expect(later.includes(trace)).toBe(false)

    // Whatever follows goes on as if nothing had been.
    write(world, 'hello again', thailand, thailand.userId)
    world.genesys.mend()
    world.line.mend()
    await onDesk(world, 'hello again', thailand, thailand.userId, 15_000)
    await until('the other’s words', () => phone(world, thailand, other).includes('waits second for other one'), 15_000)
    await onDesk(world, 'waits second other one', thailand, other, 15_000)
    const inOrder = ['delivered other one', 'waits first other one', 'waits second other one']
    expect(desk(world, thailand, other).filter((text) => text.includes('other one'))).toEqual(inOrder)
    expect(desk(world)).toEqual(['delivered erased one', expect.anything(), 'hello again'])
    expect(phone(world).filter((text) => text.includes('waits'))).toEqual([])

    const again = await erase(world, his(thailand.userId))
    expect(again.code).toBe(0)
    bridge.signal('SIGTERM')
    expect(await bridge.ended).toBe(0)
  }, 60_000)

  test('works when no bridge runs, with the private Redis that it left', async () => {
    const world = await begin()
    const bridge = await world.start()
    await bridge.ready()
    world.genesys.break('message', { answer: 503 })
    write(world, 'waits')
    await until('an attempt', () => world.genesys.requests.some(({ status }) => status === 503))
    bridge.signal('SIGTERM')
    expect(await bridge.ended).toBe(0)

    const told = await erase(world, his(thailand.userId))
    expect(told.stderr).toContain('"operator.acted"')
    expect(told.stdout).toContain(`Removed of ${thailand.userId} on ${thailand.name}:`)
    expect(told.stdout).toMatch(/waiting messages of the customer +1\n/)
    expect(told.stdout + told.stderr).not.toContain(mark)
    expect(told.code).toBe(0)
    // It has stopped the Redis that it started.
    expect(findRedisServer(dataFolder(world))).toBeUndefined()
    expect((await everythingBelow(dataFolder(world))).includes(mark)).toBe(false)

    world.genesys.mend()
    const next = await world.start()
    await next.ready()
    write(world, 'hello again')
    await onDesk(world, 'hello again')
    expect(desk(world)).toEqual(['hello again'])
  }, 60_000)

  test('waits for a message that is being delivered, and erases what comes of it', async () => {
    const world = await begin((await sharedRedis()).url)
    const bridge = await world.start()
    await bridge.ready()
    world.genesys.break('message', { answer: 400, delayMs: 3_000 })
    write(world, 'is being refused')
    await until('the request', () => world.genesys.requests.some(({ endpoint }) => endpoint === 'message'))
    const told = await erase(world, [...his(thailand.userId), '--json'])
    expect(JSON.parse(told.stdout)).toMatchObject({ underWay: 0 })
    expect(counts(told.stdout)).toMatchObject({ waiting_inbound: 1 })
    expect(told.code).toBe(0)
    const redis = new Redis((await sharedRedis()).url)
    later(async () => redis.disconnect())
    await until('the dead letter', () => world.log.some((lineOfLog) => lineOfLog.includes('"message.failed"')))
    const all = await everythingIn(redis)
    expect(all).toContain('withdrawn')
    expect(all.includes(mark)).toBe(false)
  }, 60_000)
})

describe('the program', () => {
  test('says so when there was nothing, and that is no failure', async () => {
    const world = await withoutBridge((await sharedRedis()).url)
    const told = await erase(world, his('Unobody'))
    expect(told.stdout).toContain('Nothing was found of Unobody on retail_thailand.')
    expect(told.stderr).toMatch(/^\{.*"action":"erase".*"user":"Unobody","count":0,"msg":"operator.acted"\}\n$/)
    expect(told.code).toBe(0)
  })

  test('keeps the mark of a customer who blocked the channel, and says why', async () => {
    const { url } = await sharedRedis()
    const world = await withoutBridge(url)
    const redis = new Redis(url)
    later(async () => redis.disconnect())
    const { keyPrefix } = world.config.redis as { keyPrefix: string }
    await redis.hset(`{${keyPrefix}}:blocked:${thailand.name}`, thailand.userId, `b${Date.now()}`)
    const told = await erase(world, [...his(thailand.userId), '--json'])
    expect(counts(told.stdout)).toMatchObject({ block_mark: 1 })
    expect(await redis.hlen(`{${keyPrefix}}:blocked:${thailand.name}`)).toBe(1)
  })

  test('ends with 2 when it is not told whom, with 78 for a faulty configuration, and says what is wrong', async () => {
    const world = await withoutBridge((await sharedRedis()).url)
    const nobody = await erase(world, ['--channel', thailand.name])
    expect(nobody.code).toBe(2)
    expect(nobody.stderr).toContain('Say which customer: --user ID.')
    const nowhere = await erase(world, ['--channel', 'nowhere', '--user', 'U1'])
    expect(nowhere.code).toBe(2)
    expect(nowhere.stderr).toContain('There is no channel nowhere in the configuration, only retail_thailand, ')
    const help = await erase(world, ['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('--channel NAME')
    const faulty = await erase(world, his('U1'), { config: { ...world.config, colour: 'red' } })
    expect(faulty.code).toBe(78)
    expect(faulty.stderr).toContain('colour:')
  })

  test('fails where it would look into the wrong folder, or cannot reach Redis', async () => {
    const world = await withoutBridge()
    const elsewhere = await erase(world, his('U1'))
    expect(elsewhere.code).toBe(1)
    expect(elsewhere.stderr).toContain('run this in the folder in which the bridge runs')
    const { keyPrefix } = world.config.redis as { keyPrefix: string }
    const away = await erase(world, his('U1'), {
      config: { ...world.config, redis: { url: 'redis://127.0.0.1:1', keyPrefix } },
    })
    expect(away.code).toBe(1)
    expect(away.stderr).toContain('Redis does not answer.')
    expect(away.stderr).toContain('"failed":true')
  }, 60_000)
})
