import { DeliveryError } from '../../../bridge/errors.ts'
import type { OutboundMessage } from '../../../bridge/message.ts'
import type { PassingEffect } from '../../../bridge/side.ts'
import type { LineClient } from '../client.ts'
import { createRecently } from './recently.ts'

/** https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator */
const stepSeconds = 5
const longestSeconds = 60

/** The contact centre tells again and again that somebody writes, about every 5 s: the animation outlasts a late telling. */
const marginMs = 5_000

/** Each call lasts for longer than this. */
const betweenMs = 4_000

/** Who wrote so long ago has finished, or has been told of anew. */
const staleMs = 10_000

/**
 * LINE allows 100 calls a second, and all processes of the bridge share them:
 * https://developers.line.biz/en/reference/messaging-api/#rate-limits
 */
const mostAtOnce = 20

/** When LINE cannot be reached, or wants no more, it is left alone for so long. */
const quietMs = 5_000

const rememberedUsers = 10_000

/** For how long the animation is asked for. LINE takes steps of 5 s only. */
function secondsFor(forMs: number): number {
  const steps = Math.ceil((forMs + marginMs) / 1_000 / stepSeconds)
  return Math.min(Math.max(steps, 1) * stepSeconds, longestSeconds)
}

/** https://developers.line.biz/en/reference/messaging-api/#source-user */
const isPerson = (user: string): boolean => user.startsWith('U')

/** The message that a customer got last: when it was written, by the contact centre's clock, and delivered, by ours. */
interface Answered {
  readonly writtenAt: number
  readonly deliveredAt: number
}

const never: Answered = { writtenAt: -Infinity, deliveredAt: -Infinity }

type Typing = Extract<PassingEffect, { kind: 'typing' }>

/** Shows customers that somebody is writing to them. Nobody waits for it, and nothing of it throws. */
export interface TypingShown {
  show(effect: Typing): void
  /** LINE has taken a message: it hides the animation, and what was typed for it must not bring it back. */
  delivered(message: Pick<OutboundMessage, 'conversation' | 'at'>): void
}

/**
 * Makes what shows LINE's loading animation. Only people can see it, no groups. It is left out wherever it would come late or too
 * often: the next message is not worse for it.
 * @param parts.now the clock, in ms since the epoch
 */
export function createTyping(parts: {
  readonly client: Pick<LineClient, 'showLoading'>
  readonly now: () => number
}): TypingShown {
  const { client, now } = parts
  const shownAt = createRecently<number>({ most: rememberedUsers })
  const answered = createRecently<Answered>({ most: rememberedUsers })
  let underWay = 0
  let quietUntil = 0

  function isWorthwhile({ user, at }: Typing): boolean {
    if (!isPerson(user) || now() - at > staleMs || now() < quietUntil) return false
    if (now() - (shownAt.get(user) ?? -Infinity) < betweenMs || isAnswered(user, at)) return false
    return underWay < mostAtOnce
  }

  function isAnswered(user: string, at: number): boolean {
    const { writtenAt, deliveredAt } = answered.get(user) ?? never
    return at <= writtenAt && now() - deliveredAt < staleMs
  }

  async function ask({ user, forMs }: Typing): Promise<void> {
    underWay += 1
    shownAt.set(user, now())
    try {
      await client.showLoading(user, secondsFor(forMs))
    } catch (error) {
      // A refusal concerns this one customer.
      if (!(error instanceof DeliveryError && error.next.do === 'give-up')) quietUntil = now() + quietMs
    } finally {
      underWay -= 1
    }
  }

  return {
    show(effect) {
      if (isWorthwhile(effect)) void ask(effect)
    },
    delivered({ conversation: { user }, at }) {
      if (isPerson(user)) answered.set(user, { writtenAt: at, deliveredAt: now() })
    },
  }
}
