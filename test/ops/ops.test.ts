import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { ChannelsJson, MessagesJson, MovedJson } from '../../src/console/api/shapes.ts'
import { auditLines } from '../support/admin.ts'
import { bareEnvironment } from '../support/environment.ts'
import { freePort } from '../support/free-port.ts'
import { journeys } from '../support/journeys.ts'
import { desk, onDesk } from '../support/looks.ts'
import { mark, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand, type World } from '../support/world.ts'

const { start } = journeys({ lasting: 'file' })

const program = new URL('../../src/ops/main.ts', import.meta.url).pathname

let world: World
beforeAll(async () => {
  world = await start()
})

interface Printed {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the program as an operator does, in the folder of the bridge's configuration. */
async function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Printed> {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: world.folder,
    env: { ...bareEnvironment(), ...environment },
  })
  const printed = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.err += text
  })
  const [code] = await once(child, 'close')
  for (const secret of ['ops-password', thailand.lineSecret, 'client-secret-1', 'media-signing-secret'])
    expect(printed.out + printed.err).not.toContain(secret)
  return { code: Number(code), ...printed }
}

const ops = (...words: string[]) => run(words)
const json = async <T>(...words: string[]): Promise<T> => JSON.parse((await run([...words, '--json'])).out) as T

describe('dead letters', () => {
  test('are listed, shown, skipped, replayed and discarded, and the message arrives once', async () => {
    expect(await ops('dead-letters', 'list')).toEqual({ code: 0, out: 'There are no such dead letters.\n', err: '' })
    world.genesys.break('message', { answer: 400 })
    const [one, two] = [write(world, 'one'), write(world, 'two')]
    const ids = [one, two].map(({ id }) => `${thailand.name}-inbound-${id}`)
    await until('both', async () => (await json<{ items: unknown[] }>('dead-letters', 'list')).items.length === 2)

    const listed = await ops('dead-letters', 'list', '--channel', thailand.name, '--direction', 'inbound')
    expect(listed.code).toBe(0)
    const lines = listed.out.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^ID +KIND +REASON CODE +ATTEMPTS +GIVEN UP +USER +REASON$/)
    // The latest given up stands first.
    expect(lines.slice(1).map((line) => line.split(' ')[0])).toEqual(ids.toReversed())
    expect((await ops('dead-letters', 'list', '--limit', '1')).out).toContain('There are more')
    expect((await ops('dead-letters', 'list', '--direction', 'outbound')).out).toBe('There are no such dead letters.\n')

    const shown = await ops('dead-letters', 'show', ids[0] ?? '')
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toContain(one.event.webhookEventId)
    expect(shown.out).not.toContain(mark)
    expect((await ops('dead-letters', 'show', ids[0] ?? '', '--content')).out).toContain(`${mark} one`)

    world.genesys.mend()
    const replayed = await ops('dead-letters', 'replay', ids[0] ?? '', 'made-up', '--because', 'it was mended')
    expect(replayed).toMatchObject({ code: 1, err: '' })
    expect(replayed.out).toMatch(/^Put back to be delivered: 1\. Skipped: 1\.\n\nSKIPPED +WHY\nmade-up +there is none/)
    await onDesk(world, 'one')
    expect(await json<MovedJson>('dead-letters', 'discard', '--all', '--because', 'test')).toEqual({
      done: 1,
      skipped: [],
    })
    expect(desk(world)).toEqual(['one'])
    expect(auditLines(world).map(({ action, who, reason, count }) => [action, who, reason, count])).toEqual([
      ['read', 'ops', undefined, 1],
      ['replay', 'ops', 'it was mended', 1],
      ['discard', 'ops', 'test', 1],
    ])
  }, 60_000)

  test('that are not there are an error', async () => {
    expect(await ops('dead-letters', 'show', 'nothing')).toEqual({
      code: 1,
      out: '',
      err: 'There is no such dead letter.\n',
    })
    expect(await ops('dead-letters', 'list', '--channel', 'nobody')).toMatchObject({
      code: 1,
      err: 'There is no such channel.\n',
    })
  })
})

test('a direction is paused and resumed, and channels tell so', async () => {
  const paused = await ops('pause', thailand.name, 'inbound', '--because', 'the desk is moved')
  expect(paused).toMatchObject({ code: 0, err: '' })
  const told = await ops('channels')
  expect(told.out).toMatch(new RegExp(`${thailand.name} +inbound +paused by ops`))
  expect(told.out).toContain('the desk is moved')
  expect(told.out).toContain(`${world.url}/webhooks/line/${thailand.name}`)
  const known = await json<ChannelsJson>('channels')
  expect(known.items[0]?.paused).toMatchObject({ inbound: { who: 'ops' }, outbound: null })
  expect((await ops('resume', thailand.name, 'inbound', '--because', 'done')).code).toBe(0)
  expect((await ops('channels')).out).not.toContain('paused by')
  expect(await ops('pause', 'nobody', 'inbound', '--because', 'x')).toMatchObject({
    code: 1,
    err: 'There is no such channel.\n',
  })
})

test('a message is found, with its timeline', async () => {
  const sent = write(world, 'three')
  await onDesk(world, 'three')
  const found = await until('its delivery', async () => {
    const printed = await ops('find', sent.id)
    return printed.out.includes('delivered') && printed
  })
  expect(found.code).toBe(0)
  expect(found.out).toMatch(new RegExp(`^${sent.id}  inbound on ${thailand.name}: delivered\n`))
  expect(found.out).toMatch(/\d\dZ +delivered +attempt 1 +HTTP 200\n/)
  expect((await json<MessagesJson>('find', thailand.userId)).items.length).toBeGreaterThan(0)
  expect(await ops('find', 'nobody-knows')).toEqual({ code: 1, out: 'Nothing was found.\n', err: '' })
})

describe('the way to the bridge', () => {
  const login = { BRIDGE_ADMIN_USERNAME: 'ops', BRIDGE_ADMIN_PASSWORD: 'ops-password' }
  const nowhere = { BRIDGE_CONFIG: 'there-is-none.yaml' }

  test('is told by the environment where there is no configuration', async () => {
    expect((await run(['channels'], { ...nowhere, ...login, BRIDGE_URL: world.url })).code).toBe(0)
    expect((await run(['channels', '--url', `${world.url}/`], { ...nowhere, ...login })).code).toBe(0)
    const without = await run(['channels'], nowhere)
    expect(without).toMatchObject({ code: 1, out: '' })
    expect(without.err).toContain('there-is-none.yaml: there is no such file')
  })

  test('may be told by variables in .env, and by files', async () => {
    await writeFile(join(world.folder, 'password.txt'), 'ops-password\n')
    const path = join(world.folder, 'bridge.config.yaml')
    const known = JSON.parse(await readFile(path, 'utf8')) as { admin: object }
    const other = join(world.folder, 'other.yaml')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration file
    await writeFile(other, JSON.stringify({ ...known, admin: { username: 'ops', password: '${OPS_PASSWORD}' } }))
    await writeFile(join(world.folder, '.env'), 'BRIDGE_CONFIG=other.yaml\nOPS_PASSWORD_FILE=password.txt\n')
    expect(await run(['channels', '--json'])).toMatchObject({ code: 0, err: '' })
    await writeFile(join(world.folder, '.env'), '')
  })

  test('that is wrong is said', async () => {
    const wrongLogin = await run(['channels'], {
      BRIDGE_URL: world.url,
      BRIDGE_ADMIN_USERNAME: 'ops',
      BRIDGE_ADMIN_PASSWORD: 'x',
    })
    expect(wrongLogin).toEqual({
      code: 1,
      out: '',
      err: 'The bridge does not take this login (admin of its configuration).\n',
    })
    const url = `http://127.0.0.1:${await freePort()}`
    expect(await run(['channels', '--url', url])).toEqual({
      code: 1,
      out: '',
      err: `The bridge at ${url} did not answer (ECONNREFUSED).\n`,
    })
    expect(await run(['channels', '--url', world.line.apiUrl])).toMatchObject({ code: 1, out: '' })
    expect(await run(['channels'], { ...login, BRIDGE_URL: 'nonsense' })).toMatchObject({ code: 2 })
  })
})

test('a wrong command line ends with 2 and says where to look; the usage ends with 0', async () => {
  const wrong = await ops('dead-letters', 'replay', 'a')
  expect(wrong).toMatchObject({ code: 2, out: '' })
  expect(wrong.err).toContain('--because')
  expect(wrong.err).toContain('npm run ops -- --help')
  const help = await ops('--help')
  expect(help).toMatchObject({ code: 0, err: '' })
  expect(help.out).toContain('npm run ops -- dead-letters replay')
})
