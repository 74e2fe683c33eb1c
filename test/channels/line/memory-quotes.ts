import type { Quotes } from '../../../src/bridge/quotes.ts'

/** Quotes in memory, each under `channel user id`. */
export interface MemoryQuotes extends Quotes {
  readonly kept: Map<string, string>
}

export function createMemoryQuotes(): MemoryQuotes {
  const kept = new Map<string, string>()
  const keyOf = ({ channel, user }: { channel: string; user: string }, id: string) => `${channel} ${user} ${id}`
  return {
    kept,
    keep: (conversation, id, text) => void kept.set(keyOf(conversation, id), text),
    find: async (conversation, id) => kept.get(keyOf(conversation, id)),
  }
}
