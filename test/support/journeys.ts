import { afterAll, afterEach, expect } from '@jest/globals'
import { schemaProblems } from '../line-schema/check.ts'
import { startTestRedis, type TestRedis } from './redis.ts'
import { type Brand, mark } from './talk.ts'
import { startWorld, taiwan, thailand, type World } from './world.ts'

/** What a journey may change in its world; see {@link startWorld}. Without `redisUrl` the world uses the file's Redis. */
export type Changes = Partial<Parameters<typeof startWorld>[0]>

/** What of a world is looked at when it has ended. */
export type Watched = Pick<World, 'line' | 'genesys' | 'log' | 'stop'> & Partial<Pick<World, 'events'>>

/** The worlds of one test file; see {@link journeys}. */
export interface Journeys {
  /** A world with a bridge inside this process. */
  start(changes?: Changes): Promise<World>
  /** Has a world that the test made itself stopped and looked at like those of `start`; its bridge may fail to start. */
  keep<Kept extends Watched>(world: Kept): Kept
  /** Genesys cannot know a repetition, and in this world its answers get lost: the test itself says what may come twice. */
  mayRepeat(world: Watched): void
  /** Runs when the worlds have stopped, last come first. */
  later(end: () => Promise<unknown>): void
  /** The Redis that the worlds of this file share; started when first asked for. */
  redis(): Promise<TestRedis>
}

/** JSON keys under which people's words and names stand, on either platform. */
const wordy = new Set([
  'text',
  'title',
  'address',
  'keywords',
  'data',
  'displayName',
  'fileName',
  'filename',
  'altText',
])

/** All words of people in a JSON value, short ones left out because they may stand in any line. */
function wordsIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return wordy.has(key) && value.trim().length > 3 ? [value] : []
  if (Array.isArray(value)) return value.flatMap((one) => wordsIn(one, key))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => wordsIn(one, name))
}

const secretsOf = ({ lineSecret, webhookSecret, name, customer }: Brand): string[] => [
  lineSecret,
  webhookSecret,
  `token-${name}`,
  customer,
]

/** Everything that must not be logged: what people wrote, who they are, and all that opens a door. */
function unspeakable({ line, genesys }: Watched, phoneEvents: readonly unknown[]): Set<string> {
  const bodies = [...genesys.inbound, ...genesys.outbound].map(({ body }) => body)
  const headers = [...line.requests, ...genesys.requests].map((request) => String(request.headers.authorization ?? ''))
  return new Set([
    mark,
    ...wordsIn([phoneEvents, bodies, line.pushes.map(({ messages }) => messages)]),
    ...headers.flatMap((header) => header.split(' ').slice(1)),
    ...[thailand, taiwan].flatMap(secretsOf),
    ...['client-secret-1', 'ops-password', 'media-signing-secret', '/media/'],
  ])
}

/** The beginning of a text as it would stand in a JSON log line. */
const asLogged = (text: string): string => JSON.stringify(text.slice(0, 80)).slice(1, -1)

/**
 * Gives a test file its worlds. After each test they are stopped, and whatever was carried in them, LINE's rules and schema were kept,
 * nothing came twice, and neither log nor events told what is nobody's business.
 * @param settings.lasting `file`: its worlds serve all tests, and are stopped and looked at after the last one
 */
export function journeys(settings: { readonly lasting?: 'test' | 'file' } = {}): Journeys {
  let shared: Promise<TestRedis> | undefined
  const running: { readonly world: Watched; readonly leastLines: number; readonly phoneEvents: unknown[] }[] = []
  const endings: (() => Promise<unknown>)[] = []
  const repeating = new Set<Watched>()

  const afterItsLife = settings.lasting === 'file' ? afterAll : afterEach
  afterItsLife(async () => {
    const ended = running.splice(0)
    await Promise.all(ended.map(({ world }) => world.stop()))
    for (const end of endings.splice(0).toReversed()) await end()
    for (const { world, leastLines, phoneEvents } of ended) {
      expect(world.line.violations).toEqual([])
      expect(schemaProblems(world.line.requests)).toEqual([])
      if (!repeating.has(world)) expect(world.genesys.duplicates).toEqual([])
      const told = [...world.log, ...(world.events ?? []).map((event) => JSON.stringify(event))].join('\n')
      expect(world.log.length).toBeGreaterThanOrEqual(leastLines)
      const leaks = [...unspeakable(world, phoneEvents)].filter((secret) => told.includes(asLogged(secret)))
      expect(leaks).toEqual([])
    }
  })
  afterAll(async () => (await shared)?.stop())

  function redis(): Promise<TestRedis> {
    shared ??= startTestRedis()
    return shared
  }
  /** `leastLines`: shows that the log is the world's, for nothing can be found in an empty one. */
  function watch<Kept extends Watched>(world: Kept, leastLines: number): Kept {
    const phoneEvents: unknown[] = []
    world.line.on((event) => {
      if (event.type === 'phone.sent') phoneEvents.push(event.event)
    })
    running.push({ world, leastLines, phoneEvents })
    return world
  }
  return {
    start: async (changes = {}) =>
      watch(await startWorld({ ...changes, redisUrl: changes.redisUrl ?? (await redis()).url }), 2),
    keep: (world) => watch(world, 1),
    mayRepeat: (world) => void repeating.add(world),
    later: (end) => void endings.push(end),
    redis,
  }
}
