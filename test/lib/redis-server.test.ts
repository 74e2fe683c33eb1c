import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { identifyProcess, isRunning } from '../../src/lib/process-identity.ts'
import { findRedisBinary } from '../../src/lib/redis-binary.ts'
import { startRedisServer } from '../../src/lib/redis-server.ts'
import { freePort } from '../support/free-port.ts'

let folder: string
const environment = process.env
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-redis-server-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const data = () => join(folder, 'data')

/** One question on a connection of its own. */
async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url)
  // A refused login is told twice: by the command, which is looked at, and by this event.
  redis.on('error', () => {})
  try {
    return await question(redis)
  } finally {
    redis.disconnect()
  }
}

/** Another process that holds an embedded Redis in the data folder; `line()` is its next line of output. */
async function holder() {
  const program = new URL('../support/redis-holder.ts', import.meta.url).pathname
  const child: ChildProcess = spawn(process.execPath, [program, data()], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...environment, NODE_OPTIONS: '' },
  })
  if (!child.stdout || !child.pid) throw new Error('the holder did not start')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const line = async (): Promise<string> => (await lines.next()).value ?? ''
  const ended = once(child, 'exit')
  return { pid: child.pid, url: await line(), line, ended }
}

/** The process id of the server on record. */
async function recordedServer(): Promise<number> {
  return JSON.parse(await readFile(join(data(), 'bridge.lock'), 'utf8')).server.pid
}

describe('the embedded Redis', () => {
  test('answers as soon as it is started, is set up for a queue, and wants a password', async () => {
    const server = await startRedisServer({ folder: data(), environment })
    try {
      expect(await ask(server.url, (redis) => redis.ping())).toBe('PONG')
      const settings = await ask(server.url, (redis) =>
        redis.config('GET', 'appendonly', 'appendfsync', 'save', 'maxmemory-policy', 'bind', 'hash-max-listpack-*'),
      )
      expect(settings).toEqual(
        expect.arrayContaining([
          'appendonly',
          'yes',
          'appendfsync',
          'everysec',
          'noeviction',
          '127.0.0.1',
          '512',
          '256',
        ]),
      )
      const { password } = new URL(server.url)
      expect(password).toMatch(/^[0-9a-f]{48}$/)
      await expect(ask(`redis://127.0.0.1:${server.port}`, (redis) => redis.call('GET', 'something'))).rejects.toThrow(
        /NOAUTH/,
      )
      const commandLine = await readFile(`/proc/${await recordedServer()}/cmdline`, 'utf8').catch(() => '')
      expect(commandLine).not.toContain(password)
      expect((await stat(data())).mode & 0o777).toBe(0o700)
    } finally {
      await server.stop()
    }
  })

  test('keeps its data over a stop and a start, and says how it ended', async () => {
    const first = await startRedisServer({ folder: data(), environment })
    await ask(first.url, (redis) => redis.set('kept', 'yes'))
    await Promise.all([first.stop(), first.stop()])
    expect(await first.exited).toMatchObject({ asked: true, code: 0 })

    const second = await startRedisServer({ folder: data(), environment })
    expect(await ask(second.url, (redis) => redis.get('kept'))).toBe('yes')
    process.kill(await recordedServer(), 'SIGKILL')
    expect(await second.exited).toMatchObject({ asked: false, signal: 'SIGKILL' })
    await second.stop()
  })

  test('refuses a second bridge on the same folder with a clear message, and leaves the first one alone', async () => {
    const first = await startRedisServer({ folder: data(), environment })
    try {
      await expect(startRedisServer({ folder: data(), environment })).rejects.toMatchObject({
        name: 'FolderInUse',
        message: expect.stringMatching(/in use by another bridge .*redis\.url/),
      })
      expect(await ask(first.url, (redis) => redis.ping())).toBe('PONG')
    } finally {
      await first.stop()
    }
  })

  test('of several starts at the same moment in one folder exactly one succeeds', async () => {
    const starts = await Promise.allSettled(
      Array.from({ length: 4 }, () => startRedisServer({ folder: data(), environment })),
    )
    const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
    await Promise.all(started.map((server) => server.stop()))
    expect(started).toHaveLength(1)
  })

  test('ends by itself when its bridge is killed, and the next start finds the data', async () => {
    const killed = await holder()
    await ask(killed.url, (redis) => redis.set('kept', 'yes'))
    const server = identifyProcess(await recordedServer())
    process.kill(killed.pid, 'SIGKILL')
    await killed.ended

    const next = await startRedisServer({ folder: data(), environment })
    try {
      expect(server && isRunning(server)).toBe(false)
      expect(await ask(next.url, (redis) => redis.get('kept'))).toBe('yes')
    } finally {
      await next.stop()
    }
  })

  test('ends without a next start, too, when its bridge is killed', async () => {
    const killed = await holder()
    const server = identifyProcess(await recordedServer())
    if (!server) throw new Error('no server on record')
    process.kill(killed.pid, 'SIGKILL')
    const giveUpAt = Date.now() + 10_000
    while (isRunning(server) && Date.now() < giveUpAt) await wait(10)
    expect(isRunning(server)).toBe(false)
  })

  test('a server that lost its watcher as well is ended by the next start, with its data', async () => {
    await mkdir(data())
    const port = await freePort()
    const orphan = spawn('redis-server', ['--port', String(port), '--dir', data(), '--appendonly', 'yes', '--save', ''])
    const ended = once(orphan, 'exit')
    await ask(`redis://127.0.0.1:${port}`, (redis) => redis.set('kept', 'yes'))
    const entry = { holder: { pid: 2 ** 30 }, server: identifyProcess(orphan.pid ?? 0) }
    await writeFile(join(data(), 'bridge.lock'), JSON.stringify(entry))

    const next = await startRedisServer({ folder: data(), environment })
    try {
      expect((await ended)[0]).toBe(0)
      expect(await ask(next.url, (redis) => redis.get('kept'))).toBe('yes')
    } finally {
      await next.stop()
    }
  })

  test('a process that was given the id of an old holder does not keep the folder', async () => {
    await mkdir(data())
    const entry = { holder: { pid: process.pid, started: 'at another time' } }
    await writeFile(join(data(), 'bridge.lock'), JSON.stringify(entry))
    const server = await startRedisServer({ folder: data(), environment })
    await server.stop()
    expect(await server.exited).toMatchObject({ asked: true })
  })

  test('Ctrl-C in the terminal reaches the bridge only: Redis lives until the bridge stops it', async () => {
    const interrupted = await holder()
    // The holder leads a process group of its own, as the foreground job of a terminal does.
    process.kill(-interrupted.pid, 'SIGINT')
    expect(await interrupted.line()).toBe('still there')
    expect((await interrupted.ended)[0]).toBe(0)
  })

  test('a start that Redis refuses fails with what Redis said, and gives the folder back', async () => {
    // Unreadable for Redis from 7.0 on, and for the versions before, whose append-only file was a single one.
    await mkdir(join(data(), 'appendonlydir'), { recursive: true })
    await mkdir(join(data(), 'appendonly.aof'))
    await writeFile(join(data(), 'appendonlydir', 'appendonly.aof.manifest'), 'no manifest at all\n')
    await expect(startRedisServer({ folder: data(), environment })).rejects.toThrow(/redis-server did not start:\n.+/)
    await rm(data(), { recursive: true })
    await (await startRedisServer({ folder: data(), environment })).stop()
  })
})

describe('the Redis binary', () => {
  test('is redis-server before valkey-server, wherever on PATH they are', async () => {
    const [early, late] = [join(folder, 'early'), join(folder, 'late')]
    await mkdir(early)
    await mkdir(late)
    const PATH = `${early}:${late}`
    expect(findRedisBinary({ environment: { PATH } })).toBeUndefined()
    await script(early, 'valkey-server', 'true')
    expect(findRedisBinary({ environment: { PATH } })).toBe(join(early, 'valkey-server'))
    await script(late, 'redis-server', 'true')
    expect(findRedisBinary({ environment: { PATH } })).toBe(join(late, 'redis-server'))
    await chmod(join(late, 'redis-server'), 0o644)
    expect(findRedisBinary({ environment: { PATH } })).toBe(join(early, 'valkey-server'))
  })

  test('missing, without a package manager: the error names the three ways out', async () => {
    const start = startRedisServer({ folder: data(), environment: { PATH: folder } })
    await expect(start).rejects.toMatchObject({ name: 'RedisMissing' })
    const message = await start.then(
      () => '',
      (error: Error) => error.message,
    )
    expect(message).toMatch(/install redis-server \(or valkey\)/)
    expect(message).toMatch(/redis\.url/)
    expect(message).toMatch(/docker compose up/)
  })

  test('missing, with a package manager that fails: said aloud first, then the same three ways out', async () => {
    await tools()
    await script(folder, 'apt-get', 'exit 100')
    const said: string[] = []
    const start = startRedisServer({
      folder: data(),
      environment: { PATH: folder },
      say: (line) => said.push(line),
    })
    await expect(start).rejects.toThrow(/installing it failed[\s\S]*Three ways out/)
    expect(said.join('\n')).toMatch(/installed now[\s\S]*apt-get.* install -y --no-install-recommends redis-server/)
  })

  test('missing, with a package manager that works: installed and started', async () => {
    const real = findRedisBinary({ environment })
    await tools()
    await script(
      folder,
      'apt-get',
      `echo "$DEBIAN_FRONTEND $RUNLEVEL $*" >>'${folder}/calls'; case "$*" in *install*) ln -s '${real}' '${folder}/redis-server';; esac`,
    )
    const server = await startRedisServer({ folder: data(), environment: { PATH: folder }, say: () => {} })
    try {
      expect(await ask(server.url, (redis) => redis.ping())).toBe('PONG')
      expect((await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')).toEqual([
        expect.stringMatching(/^noninteractive 1 .*update$/),
        expect.stringMatching(/^noninteractive 1 .*install -y --no-install-recommends redis-server$/),
      ])
    } finally {
      await server.stop()
    }
  })
})

async function script(where: string, name: string, text: string): Promise<void> {
  await writeFile(join(where, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
}

/**
 * What the install steps use besides the package manager, for a PATH of this test's own; `sudo` is for test runs
 * without root.
 */
async function tools(): Promise<void> {
  for (const name of ['env', 'ln', 'true']) await symlink(`/usr/bin/${name}`, join(folder, name))
  await script(folder, 'sudo', '[ "$1" = -n ] && shift; exec "$@"')
}
