import { readFileSync } from 'node:fs'
import type { Result } from 'ioredis'
import { type Redis, sendNow } from '../lib/redis.ts'
import { createGathering } from './gathering.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    runSteps(base: string, ...steps: string[]): Result<unknown[], Context>
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

/** Runs one script; rejects with what Redis says to it. Its values must not hold line breaks, as ids, numbers and JSON never do. */
export type RunStep = <Answer>(file: string, values: readonly (string | number)[]) => Promise<Answer>

interface Step {
  readonly file: string
  readonly values: readonly (string | number)[]
}

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
  const functions = files.map((file) => `run[${JSON.stringify(file)}] = function(ARGV)\n${readLua(file)}\nend`)
  redis.defineCommand('runSteps', {
    numberOfKeys: 1,
    lua: [readLua('common'), 'local run = {}', ...functions, readLua('steps')].join('\n'),
  })

  async function send(steps: readonly Step[]): Promise<readonly unknown[]> {
    // One argument a step, and not a dozen: on the way to Redis each costs as much as a line of a script.
    const answering = redis.runSteps(base, ...steps.map(({ file, values }) => `${file}\n${values.join('\n')}\n`))
    sendNow(redis)
    return answering
  }

  const run = createGathering({ send, weightPerCall: stepsPerCall, callsAtOnce })

  return async <Answer>(file: string, values: readonly (string | number)[]) => {
    const answer = await run({ file, values })
    // Answers are texts, numbers or lists; an object is an error.
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) throw answer
    return answer as Answer
  }
}
