import type { Ids } from '../ids.ts'
import type { GenesysConversation, InboundItem, OutboundItem } from './cloud.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A conversation that still changes. */
export type LiveConversation = Mutable<Omit<GenesysConversation, 'items'>> & {
  readonly items: (InboundItem | OutboundItem)[]
}

/** Which message joins which conversation: one thread per integration and customer, until its window has passed. */
export interface Conversations {
  readonly all: readonly LiveConversation[]
  /** The one that a message would join now. */
  current(integrationId: string, userId: string): LiveConversation | undefined
  /** Joins or creates one. */
  join(integrationId: string, userId: string): LiveConversation
  find(id: string): LiveConversation | undefined
  clear(): void
}

/** https://help.genesys.cloud/articles/messaging-threading-timeline/: the window starts when a conversation is disconnected. */
export function createConversations(made: {
  readonly ids: Ids
  readonly now: () => number
  readonly threadingMinutes: () => number
  readonly queueOf: (integrationId: string) => string | undefined
}): Conversations {
  const { ids, now } = made
  const all: LiveConversation[] = []
  const byId = new Map<string, LiveConversation>()
  const latest = new Map<string, LiveConversation>()
  const current: Conversations['current'] = (integrationId, userId) => {
    const found = latest.get(`${integrationId} ${userId}`)
    if (found?.disconnectedAt === undefined) return found
    return now() - found.disconnectedAt < made.threadingMinutes() * 60_000 ? found : undefined
  }
  return {
    all,
    current,
    join: (integrationId, userId) => {
      const found = current(integrationId, userId)
      if (found) {
        found.disconnectedAt = undefined
        return found
      }
      const created: LiveConversation = {
        id: ids.uuid(),
        integrationId,
        queue: made.queueOf(integrationId),
        customer: { id: userId, nickname: undefined },
        attributes: {},
        startedAt: now(),
        disconnectedAt: undefined,
        items: [],
      }
      all.push(created)
      byId.set(created.id, created)
      latest.set(`${integrationId} ${userId}`, created)
      return created
    },
    find: (id) => byId.get(id),
    clear: () => {
      all.length = 0
      byId.clear()
      latest.clear()
    },
  }
}
