import type { Cache } from '../../../bridge/cache.ts'
import type { PassingEffect } from '../../../bridge/side.ts'
import { asObject } from '../../../lib/loose.ts'
import { nextAttributesKey } from '../cache-keys.ts'
import type { LineClient } from '../client.ts'
import { createRecently } from './recently.ts'
import type { TypingShown } from './typing.ts'

/** LINE tells of a group again with everything that happens in it. */
const betweenLeavesMs = 60_000
const rememberedGroups = 1_000

/** What the next message should tell is told by then, or nobody asks any more. */
const attributesKeptSeconds = 7 * 24 * 60 * 60

/**
 * Makes the function that acts on passing effects: shows that somebody writes, leaves groups where the account is not meant to be, and
 * notes what a customer's next message should tell. It returns at once and never throws; what fails is let go, and what it returns
 * resolves then too.
 * @param parts.typing absent when customers should not see that somebody writes
 * @param parts.now the clock, in ms since the epoch
 */
export function createAct(parts: {
  readonly channel: string
  readonly typing?: Pick<TypingShown, 'show'>
  readonly client: Pick<LineClient, 'leave'>
  readonly cache: Cache
  readonly now: () => number
}): (effect: PassingEffect) => Promise<void> | undefined {
  const { channel, typing, client, cache, now } = parts
  const leftAt = createRecently<number>({ most: rememberedGroups })

  async function leave(group: string): Promise<void> {
    if (now() - (leftAt.get(group) ?? -Infinity) < betweenLeavesMs) return
    leftAt.set(group, now())
    await client.leave(group)
  }

  /** Each waits for the one before it, because two at once would undo each other. */
  const noting = new Map<string, Promise<void>>()
  function note(user: string, name: string, value: string): Promise<void> {
    const before = noting.get(user) ?? Promise.resolve()
    const noted = before.catch(() => {}).then(() => add(user, name, value))
    noting.set(user, noted)
    return noted.finally(() => {
      if (noting.get(user) === noted) noting.delete(user)
    })
  }

  async function add(user: string, name: string, value: string): Promise<void> {
    const key = nextAttributesKey({ channel, user })
    const known = asObject(JSON.parse((await cache.get(key)) ?? '{}'))
    await cache.set(key, JSON.stringify({ ...known, [name]: value }), attributesKeptSeconds)
  }

  function begin(effect: PassingEffect): Promise<void> | undefined {
    switch (effect.kind) {
      case 'typing':
        return void typing?.show(effect)
      case 'unwelcome':
        return leave(effect.group)
      case 'attribute':
        return note(effect.user, effect.name, effect.value)
    }
  }

  return (effect) => begin(effect)?.catch(() => {})
}
