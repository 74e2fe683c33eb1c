import type { Result } from 'ioredis'
import type { Redis } from '../lib/redis.ts'
import { withoutContent } from './letter-content.ts'
import { defineScripts } from './scripts.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    eraseLetter(base: string, ...values: string[]): Result<number, Context>
  }
}

/** Takes the content out of dead letters, which stay listed. */
export interface LetterEraser {
  /** @returns whether it had content */
  wipe(queue: string, id: string): Promise<boolean>
}

export function createLetterEraser(settings: { readonly redis: Redis; readonly base: string }): LetterEraser {
  const { redis, base } = settings
  defineScripts(redis, { eraseLetter: 'erase-letter' })
  return {
    async wipe(queue, id) {
      for (;;) {
        const text = await redis.hget(`${base}letters:${queue}`, id)
        const wiped = text === null ? undefined : withoutContent(text)
        if (text === null || wiped === undefined) return false
        // Else it changed meanwhile, and is looked at again.
        if ((await redis.eraseLetter(base, queue, id, text, wiped)) === 1) return true
      }
    },
  }
}
