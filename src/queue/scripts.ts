import { readFileSync } from 'node:fs'
import type { Result } from 'ioredis'
import { type Redis, sendNow } from '../lib/redis.ts'
import { createGathering } from './gathering.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    runSteps(base: string, steps: string): Result<unknown[], Context>
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
export type RunStep = <Answer>(file: string, values: readonly string[]) => Promise<Answer>

const stepsPerCall = 16
const callsAtOnce = 4

/**
 * Joins small scripts into one that runs many steps, each of any of them, in their order. A busy process then makes one call where it would
 * make dozens: what a call costs on both sides is more than what is done in it. A step that fails does not touch the others.
 * @param files the scripts, without their ending
 */
export function createSteps(settings: {
  readonly redis: Redis
  readonly base: string
  readonly files: readonly string[]
}): RunStep {
  const { redis, base, files } = settings
  const functions = files.map((file) => `run[${JSON.stringify(file)}] = function(ARGV, known)\n${readLua(file)}\nend`)
  redis.defineCommand('runSteps', {
    numberOfKeys: 1,
    lua: [readLua('common'), 'local run = {}', ...functions, readLua('steps')].join('\n'),
  })

  async function send(steps: readonly string[]): Promise<readonly unknown[]> {
    const answering = redis.runSteps(base, `[${steps.join(',')}]`)
    sendNow(redis)
    return answering
  }

  // Answers are texts, numbers or lists; an object is an error.
  const fails = (answer: unknown) => typeof answer === 'object' && answer !== null && !Array.isArray(answer)
  const run = createGathering({ send, fails, weightPerCall: stepsPerCall, callsAtOnce })

  // One argument for all, and not a dozen for each: on the way to Redis each costs as much as a line of a script. Of what Lua can take apart,
  // JSON is what it and Node are quickest with together.
  return <Answer>(file: string, values: readonly string[]) => run(JSON.stringify([...values, file])) as Promise<Answer>
}
