import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Conversation } from '../../src/bridge/message.ts'
import { createMediaStore } from '../../src/media/store.ts'
import { fileOf } from '../../src/quotes/places.ts'
import { createQuotes, type StoredQuotes } from '../../src/quotes/store.ts'
import { until } from '../support/until.ts'

const somebody: Conversation = { channel: 'shop', user: 'U1' }
const other: Conversation = { channel: 'shop', user: 'U2' }
const day = 86_400_000
const noon = Date.parse('2026-03-31T12:00:00Z')

/** Somebody whose texts are kept in the same file. */
const neighbour: Conversation = Array.from({ length: 1_000 }, (_, at) => ({ channel: 'shop', user: `N${at}` })).find(
  (one) => fileOf(one) === fileOf(somebody),
) as Conversation

let folder: string
let made: StoredQuotes[]
let errors: Error[]
let at: number

/** As the process has it; nothing is written before it is closed, unless `flushMs` says otherwise. */
function quotes({ secrets = ['first secret'], flushMs = 3_600_000 } = {}): StoredQuotes {
  const one = createQuotes({ folder, secrets, flushMs, onError: (error) => errors.push(error), now: () => at })
  made.push(one)
  return one
}

/** Writes texts as a process does that has ended since. */
async function written(...kept: readonly (readonly [Conversation, string, string])[]): Promise<void> {
  const one = quotes()
  for (const [conversation, id, text] of kept) one.keep(conversation, id, text)
  await one.close()
}

const shardFiles = async (): Promise<string[]> => {
  const all = await readdir(path.join(folder, 'quotes'), { recursive: true, withFileTypes: true }).catch(() => [])
  return all.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quotes-'))
  made = []
  errors = []
  at = noon
})
afterEach(async () => {
  await Promise.all(made.map((one) => one.close()))
  await rm(folder, { recursive: true, force: true })
})

describe('a text', () => {
  test('is found at once, and later, and by another process', async () => {
    const one = quotes({ flushMs: 1 })
    one.keep(somebody, '1', 'สวัสดี 👋')
    expect(await one.find(somebody, '1')).toBe('สวัสดี 👋')
    await until('it to be written', async () => (await shardFiles()).length > 0)
    await until('another to find it', () => quotes().find(somebody, '1'))
    expect(await one.find(somebody, '1')).toBe('สวัสดี 👋')
    expect(errors).toEqual([])
  })

  test('is found under its own conversation and id only', async () => {
    const kept = [
      [somebody, '1', 'one'],
      [neighbour, '2', 'two'],
    ] as const
    await written(...kept)
    const waiting = quotes()
    for (const [conversation, id, text] of kept) waiting.keep(conversation, id, text)
    for (const one of [quotes(), waiting]) {
      expect(await one.find(somebody, '1')).toBe('one')
      expect(await one.find(neighbour, '2')).toBe('two')
      expect(await one.find(neighbour, '1')).toBeUndefined()
      expect(await one.find(somebody, '2')).toBeUndefined()
      expect(await one.find({ ...somebody, channel: 'other' }, '1')).toBeUndefined()
    }
  })

  test('is found as it was kept last, as after an edit', async () => {
    await written([somebody, '1', 'first'], [somebody, '1', 'second'])
    expect(await quotes().find(somebody, '1')).toBe('second')
    await written([somebody, '1', 'third'])
    const one = quotes()
    expect(await one.find(somebody, '1')).toBe('third')
    one.keep(somebody, '1', 'fourth')
    expect(await one.find(somebody, '1')).toBe('fourth')
  })

  test('is shortened to what a quote shows, in memory as on disk', async () => {
    const one = quotes()
    one.keep(somebody, '1', 'a'.repeat(5_000))
    const short = `${'a'.repeat(199)}…`
    expect(await one.find(somebody, '1')).toBe(short)
    await one.close()
    expect(await quotes().find(somebody, '1')).toBe(short)
  })

  test('of large characters is not torn inside one', async () => {
    const family = '👨‍👩‍👧‍👦'
    await written([somebody, '1', family.repeat(100)])
    expect(await quotes().find(somebody, '1')).toMatch(new RegExp(`^(${family}){80,}…$`))
  })

  test('is kept for seven days, and then swept', async () => {
    await written([somebody, '1', 'old'])
    at = noon + day
    await written([somebody, '2', 'younger'])
    at = noon + 7 * day
    expect(await quotes().find(somebody, '1')).toBe('old')
    await quotes().sweep(at)
    expect(await quotes().find(somebody, '1')).toBe('old')

    at = noon + 8 * day
    expect(await quotes().find(somebody, '1')).toBeUndefined()
    await mkdir(path.join(folder, 'quotes', 'something else'))
    await quotes().sweep(at)
    expect(await readdir(path.join(folder, 'quotes'))).toEqual(['2026-04-01', 'something else'])
    expect(await quotes().find(somebody, '2')).toBe('younger')
    expect(errors).toEqual([])
  })
})

describe('on disk', () => {
  test('no text, no id and no name can be read, and nobody else may look', async () => {
    // Short ones could be in the file by chance.
    await written([{ channel: 'shop', user: 'a customer' }, 'message-1', 'a private text'])
    const [file = ''] = await shardFiles()
    expect(path.relative(path.join(folder, 'quotes'), file)).toMatch(/^2026-03-31\/[0-9a-f]{16}-[01][0-9a-f]$/)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const bytes = await readFile(file, 'latin1')
    for (const word of ['private', 'message-1', 'customer', 'shop'])
      for (const form of [word, Buffer.from(word).toString('base64').replace(/=*$/, '')])
        expect(bytes).not.toContain(form)
  })

  test('what comes within a moment is one line of a file, and a day has few files', async () => {
    await written(...Array.from({ length: 500 }, (_, one) => [somebody, `${one}`, 'text'] as const))
    const [file = '', ...others] = await shardFiles()
    expect(others).toEqual([])
    expect((await readFile(file, 'latin1')).split('\n')).toHaveLength(2)
    await written([somebody, 'later', 'text'])
    expect((await readFile(file, 'latin1')).split('\n')).toHaveLength(3)
    await written(...Array.from({ length: 500 }, (_, one) => [{ channel: 'shop', user: `U${one}` }, '1', 'x'] as const))
    expect((await shardFiles()).length).toBeLessThanOrEqual(32)
    expect(await quotes().find({ channel: 'shop', user: 'U499' }, '1')).toBe('x')
  })

  test('texts open while their secret is in the list, whose first one seals', async () => {
    await written([somebody, '1', 'before'])
    const rotating = quotes({ secrets: ['second secret', 'first secret'] })
    rotating.keep(somebody, '2', 'after')
    await rotating.close()
    expect(await rotating.find(somebody, '1')).toBe('before')
    const rotated = quotes({ secrets: ['second secret'] })
    expect(await rotated.find(somebody, '2')).toBe('after')
    expect(await rotated.find(somebody, '1')).toBeUndefined()
    expect(await quotes().find(somebody, '2')).toBeUndefined()
    expect(() => quotes({ secrets: [] })).toThrow(TypeError)
  })

  test('a line that was cut off, or that somebody else wrote, is passed over', async () => {
    await written([somebody, '1', 'genuine'])
    const [file = ''] = await shardFiles()
    const line = await readFile(file, 'latin1')
    await appendFile(
      file,
      `${line.slice(0, 40)}\n${line.slice(10)}${JSON.stringify([somebody.user, '1', 'forged'])}\n{\n`,
    )
    expect(await quotes().find(somebody, '1')).toBe('genuine')
    expect(errors).toEqual([])
  })

  test('lies nothing in the way of the media store’s own sweeps and erasures', async () => {
    await written([somebody, '1', 'text'])
    const store = createMediaStore({ folder })
    await store.eraseOwner('0'.repeat(40))
    await store.sweep({ now: Date.now() + 1_000 * day, maxAgeMs: { inbound: 1, outbound: 1 } })
    expect(await quotes().find(somebody, '1')).toBe('text')
  })
})

describe('an erasure', () => {
  test('of one message leaves the others, in memory and on every day', async () => {
    await written([somebody, '1', 'one'], [somebody, '2', 'two'], [neighbour, '1', 'theirs'])
    at = noon + day
    await written([somebody, '1', 'one again'], [somebody, '3', 'three'])
    const one = quotes()
    one.keep(somebody, '1', 'one once more')
    one.keep(somebody, '4', 'four')
    expect(await one.forget(somebody, '1')).toBe(3)
    expect(await one.forget(somebody, '1')).toBe(0)
    for (const each of [one, quotes()]) {
      expect(await each.find(somebody, '1')).toBeUndefined()
      expect(await each.find(somebody, '2')).toBe('two')
      expect(await each.find(somebody, '3')).toBe('three')
      expect(await each.find(neighbour, '1')).toBe('theirs')
    }
    expect(await one.find(somebody, '4')).toBe('four')
    for (const file of await shardFiles()) expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('of a customer removes all of theirs, nothing of others, and files that are empty then', async () => {
    await written([somebody, '1', 'one'], [neighbour, '1', 'theirs'], [somebody, '2', 'two'])
    at = noon + day
    await written([somebody, '3', 'three'])
    expect(await shardFiles()).toHaveLength(2)
    const one = quotes()
    one.keep(somebody, '4', 'four')
    one.keep(other, '1', 'others')
    expect(await one.eraseOwner(somebody)).toBe(4)
    for (const id of ['1', '2', '3', '4']) expect(await one.find(somebody, id)).toBeUndefined()
    expect(await one.find(neighbour, '1')).toBe('theirs')
    expect(await one.find(other, '1')).toBe('others')
    expect(await shardFiles()).toHaveLength(1)
    await one.close()
    expect(await quotes().find(somebody, '4')).toBeUndefined()
  })

  test('takes with it what nobody can read any more', async () => {
    const lost = quotes({ secrets: ['lost secret'] })
    lost.keep(somebody, '1', 'unreadable')
    await lost.close()
    await written([neighbour, '1', 'theirs'])
    expect(await quotes().eraseOwner(somebody)).toBe(0)
    expect(await quotes({ secrets: ['lost secret'] }).find(somebody, '1')).toBeUndefined()
    expect(await quotes().find(neighbour, '1')).toBe('theirs')
  })

  test('does not lose what the process keeps meanwhile', async () => {
    const one = quotes({ flushMs: 1 })
    const ids = Array.from({ length: 40 }, (_, id) => `${id}`)
    for (const id of ids) {
      one.keep(somebody, `gone ${id}`, 'x')
      one.keep(neighbour, id, `text ${id}`)
      await one.forget(somebody, `gone ${id}`)
    }
    await one.close()
    for (const id of ids) {
      expect(await quotes().find(neighbour, id)).toBe(`text ${id}`)
      expect(await quotes().find(somebody, `gone ${id}`)).toBeUndefined()
    }
  })

  test('that the disk refuses is told to whoever asked for it', async () => {
    await mkdir(path.join(folder, 'quotes', '2026-03-31', fileOf(somebody)), { recursive: true })
    await expect(quotes().forget(somebody, '1')).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(quotes().eraseOwner(somebody)).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

describe('what goes wrong', () => {
  test('on the disk is told aside, and no caller hears of it', async () => {
    await writeFile(path.join(folder, 'quotes'), 'no folder')
    const one = quotes()
    one.keep(somebody, '1', 'text')
    expect(await one.find(somebody, '1')).toBe('text')
    await one.close()
    expect(await one.find(somebody, '1')).toBeUndefined()
    await one.sweep(at)
    expect(errors).toHaveLength(3)
  })

  test('with one file leaves the others alone', async () => {
    await mkdir(path.join(folder, 'quotes', '2026-03-31', fileOf(somebody)), { recursive: true })
    const elsewhere = Array.from({ length: 9 }, (_, user) => ({ channel: 'shop', user: `E${user}` })).find(
      (one) => fileOf(one) !== fileOf(somebody),
    ) as Conversation
    await written([somebody, '1', 'lost'], [elsewhere, '1', 'kept'])
    expect(await quotes().find(elsewhere, '1')).toBe('kept')
    expect(errors).toHaveLength(1)
  })
})

test('no more waits to be written than memory should hold', async () => {
  const one = quotes()
  for (let id = 1; id <= 5_000; id += 1) one.keep(id % 2 === 0 ? somebody : other, `no. ${id}`, 'x'.repeat(1_000))
  expect(await one.find(somebody, 'no. 3000')).toMatch(/^x+…$/)
  expect(await one.find(somebody, 'no. 5000')).toBeUndefined()
  await one.close()
  const later = quotes()
  expect(await later.find(somebody, 'no. 3000')).toMatch(/^x+…$/)
  for (let id = 1; id <= 5_000; id += 1) later.keep(somebody, `more ${id}`, 'x'.repeat(1_000))
  expect(await later.find(somebody, 'more 3000')).toMatch(/^x+…$/)
})

test('once closed, nothing more is taken', async () => {
  const one = quotes()
  await one.close()
  one.keep(somebody, '1', 'late')
  expect(await one.find(somebody, '1')).toBeUndefined()
  await one.close()
  expect(await shardFiles()).toEqual([])
})
