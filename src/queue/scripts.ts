import { readFileSync } from 'node:fs'
import type { Result } from 'ioredis'
import type { Redis } from '../lib/redis.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    runSteps(base: string, ...values: (string | number)[]): Result<unknown[], Context>
  }
}

const readLua = (file: string): string => readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), 'utf8')

/** The text of one of our scripts, with what all of them share in front. */
const textOf = (file: string): string => `${readLua('common')}\n${readLua(file)}`

/**
 * Makes scripts commands of a connection.
 * @param files the file of each command, without its ending
 */
export function defineScripts(redis: Redis, files: Readonly<Record<string, string>>): void {
  for (const [command, file] of Object.entries(files))
    redis.defineCommand(command, { numberOfKeys: 1, lua: textOf(file) })
}

/** Runs one script; rejects with what Redis says to it. */
export type RunStep = <Answer>(file: string, values: readonly (string | number)[]) => Promise<Answer>

/**
 * With all steps in one call, Redis and this process would work in turns, each waiting for the other; with small calls, several of them under
 * way, both work at once.
 */
const stepsPerCall = 16
const mostCalls = 4

/**
 * Joins small scripts into one that runs many steps, each of any of them, in their order. A busy process then makes one call where it would
 * make dozens: what a call costs on both sides is more than what is done in it. A step that fails does not touch the others.
 * While as many calls as may be are under way, the next steps gather.
 * @param files the scripts, without their ending
 */
export function createSteps(settings: {
  readonly redis: Redis
  readonly base: string
  readonly files: readonly string[]
}): RunStep {
  const { redis, base, files } = settings
  const functions = files.map((file) => `run[${JSON.stringify(file)}] = function(ARGV)\n${readLua(file)}\nend`)
  redis.defineCommand('runSteps', {
    numberOfKeys: 1,
    lua: [readLua('common'), 'local run = {}', ...functions, readLua('steps')].join('\n'),
  })

  interface Step {
    readonly file: string
    readonly values: readonly (string | number)[]
    readonly done: (answer: unknown) => void
    readonly failed: (error: unknown) => void
  }
  const gathered: Step[] = []
  let calls = 0
  let planned = false

  function plan(): void {
    if (planned || calls >= mostCalls) return
    planned = true
    setImmediate(() => {
      planned = false
      while (gathered.length > 0 && calls < mostCalls) void call()
    })
  }

  async function call(): Promise<void> {
    calls += 1
    const batch = gathered.splice(0, stepsPerCall)
    const values: (string | number)[] = []
    for (const step of batch) values.push(step.file, step.values.length, ...step.values)
    try {
      const answers = await redis.runSteps(base, ...values)
      for (const [index, step] of batch.entries()) {
        const answer = answers[index]
        // Answers are texts, numbers or lists; an object is an error.
        if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) step.failed(answer)
        else step.done(answer)
      }
    } catch (error) {
      for (const step of batch) step.failed(error)
    }
    calls -= 1
    if (gathered.length > 0) plan()
  }

  return <Answer>(file: string, values: readonly (string | number)[]) =>
    new Promise<Answer>((resolve, reject) => {
      gathered.push({ file, values, done: (answer) => resolve(answer as Answer), failed: reject })
      plan()
    })
}
