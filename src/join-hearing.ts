import type { OutboundMessage } from './bridge/message.ts'
import type { Channel, Effect, Heard, PassingEffect, Refused } from './bridge/side.ts'

const isPassing = (effect: Effect): effect is PassingEffect =>
  effect.kind === 'typing' || effect.kind === 'unwelcome' || effect.kind === 'attribute'

/** What a channel does itself about what webhooks told, before and after that is stored. */
export interface Hearing {
  /** Has the channel act on what is worth something now, or never. Repeats are acted on once more, which does no harm. */
  act(heard: readonly Heard<unknown>[]): void
  /** Marks those messages to the customer that the channel can certainly not send. */
  sift(heard: readonly Heard<OutboundMessage>[]): readonly (Heard<OutboundMessage> | Refused<OutboundMessage>)[]
}

/** @param channel has neither ability unless it needs it */
export function createHearing(channel: Pick<Channel, 'act' | 'refuses'>): Hearing {
  function siftOne(heard: Heard<OutboundMessage>): Heard<OutboundMessage> | Refused<OutboundMessage> {
    const reason = heard.kind === 'message' ? channel.refuses?.(heard.message) : undefined
    return heard.kind === 'message' && reason ? { ...heard, kind: 'refused', reason } : heard
  }

  return {
    act(heard) {
      if (!channel.act) return
      for (const { effects } of heard)
        if (effects) for (const effect of effects) if (isPassing(effect)) channel.act(effect)
    },
    sift: (heard) => (channel.refuses ? heard.map(siftOne) : heard),
  }
}
