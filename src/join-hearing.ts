import type { OutboundMessage } from './bridge/message.ts'
import type { Channel, Effect, Heard, PassingEffect, Refused } from './bridge/side.ts'
import { within } from './lib/within.ts'

const isPassing = (effect: Effect): effect is PassingEffect =>
  effect.kind === 'typing' || effect.kind === 'unwelcome' || effect.kind === 'attribute'

/** A platform sends an event again for about so long: see the time for which messages are remembered. */
const repeatsSeconds = 72 * 60 * 60

/** No webhook waits for longer, lest its sender give up. */
const notedMs = 200

const nothing = () => {}

/** What a channel does itself about what webhooks told, before and after that is stored. */
export interface Hearing {
  /**
   * Has the channel note what next messages are to tell, each event once, however often it is sent. Before anything is stored, because the
   * next message may come in the same body.
   * @returns what resolves when it is noted, or takes too long; undefined when there is nothing to note
   */
  note(heard: readonly Heard<unknown>[]): Promise<void> | undefined
  /** Has the channel act on what is worth something now, or never. Repeats are acted on once more, which does no harm. */
  act(heard: readonly Heard<unknown>[]): void
  /** Has events stored, and the channel do its part around that. Rejects as `store` does. */
  take(heard: readonly Heard<unknown>[], store: () => Promise<void>): Promise<void>
  /** Marks those messages to the customer that the channel can certainly not send. */
  sift(heard: readonly Heard<OutboundMessage>[]): readonly (Heard<OutboundMessage> | Refused<OutboundMessage>)[]
}

/**
 * @param channel has neither ability unless it needs it
 * @param firstOf tells whether an event is heard of for the first time: true for one caller per id, for so many seconds
 */
export function createHearing(
  channel: Pick<Channel, 'act' | 'refuses'>,
  firstOf: (id: string, seconds: number) => Promise<boolean>,
): Hearing {
  async function actOnce(id: string, effect: PassingEffect): Promise<void> {
    if (await firstOf(id, repeatsSeconds)) await channel.act?.(effect)
  }

  function siftOne(heard: Heard<OutboundMessage>): Heard<OutboundMessage> | Refused<OutboundMessage> {
    const reason = heard.kind === 'message' ? channel.refuses?.(heard.message) : undefined
    return heard.kind === 'message' && reason ? { ...heard, kind: 'refused', reason } : heard
  }

  function note(heard: readonly Heard<unknown>[]): Promise<void> | undefined {
    const noting: Promise<void>[] = []
    for (const { id, effects } of heard)
      if (effects && id !== undefined)
        for (const effect of effects) if (effect.kind === 'attribute') noting.push(actOnce(id, effect))
    if (noting.length === 0) return undefined
    return within(notedMs, () => Promise.allSettled(noting)).then(nothing, nothing)
  }

  function act(heard: readonly Heard<unknown>[]): void {
    if (!channel.act) return
    for (const { effects } of heard)
      if (effects)
        for (const effect of effects) if (isPassing(effect) && effect.kind !== 'attribute') channel.act(effect)
  }

  return {
    note,
    act,
    take(heard, store) {
      // Most webhooks bring messages and nothing else, and take the shortest way.
      if (!heard.some(({ effects }) => effects?.some(isPassing))) return store()
      return (note(heard) ?? Promise.resolve()).then(store).then(() => act(heard))
    },
    sift: (heard) => (channel.refuses ? heard.map(siftOne) : heard),
  }
}
