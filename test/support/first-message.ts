import { beforeAll } from '@jest/globals'
import type { Journeys } from './journeys.ts'
import { arrived } from './looks.ts'
import { write } from './talk.ts'

/**
 * Lets a customer write before the first test, in a world of their own. A customer's name is waited for for 400 ms; on a busy machine the
 * first message of a process needs them for loading and compiling, and goes without it.
 */
export function writeBeforehand(start: Journeys['start']): void {
  beforeAll(async () => {
    const world = await start()
    write(world, 'the first one')
    await arrived(world, 1)
  })
}
