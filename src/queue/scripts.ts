import { readFileSync } from 'node:fs'
import type { Redis } from '../lib/redis.ts'

/** The text of one of our scripts, with what all of them share in front. */
const textOf = (file: string): string =>
  ['common', file].map((part) => readFileSync(new URL(`./lua/${part}.lua`, import.meta.url), 'utf8')).join('\n')

/**
 * Makes scripts commands of a connection; must be called before the connection is first used. ioredis gathers commands in
 * pipelines, and a pipeline knows only the commands that were defined when it began: one that it does not know shifts the answers
 * of all that follow it.
 * @param files the file of each command, without its ending
 */
export function defineScripts(redis: Redis, files: Readonly<Record<string, string>>): void {
  for (const [command, file] of Object.entries(files))
    redis.defineCommand(command, { numberOfKeys: 1, lua: textOf(file) })
}
