import path from 'node:path'
import type { Conversation } from '../bridge/message.ts'
import type { Quotes } from '../bridge/quotes.ts'
import { within } from '../lib/within.ts'
import { dayOf, keptDaysAt, placeOf } from './places.ts'
import { createShards, type Kept } from './shards.ts'
import { shortened } from './shorten.ts'

/** Texts by the ids of their messages, as they lie in files. */
export interface StoredQuotes extends Quotes {
  /**
   * Erases what is kept of one message. What another process has taken and not yet written is not found.
   * @returns how many texts were removed
   * @throws {Error} the disk's, so that nobody believes that it has been erased
   */
  forget(conversation: Conversation, id: string): Promise<number>
  /** As {@link StoredQuotes.forget}, for all messages of a customer, both ways. */
  eraseOwner(conversation: Conversation): Promise<number>
  /** Removes what is older than seven days. Never rejects. @param now ms since the epoch */
  sweep(now: number): Promise<void>
  /** Writes down what is not written yet, and takes nothing more. Never rejects. */
  close(): Promise<void>
}

/** What waits to be written is limited by number and by UTF-16 units; what comes beyond that is not kept. */
const maxWaiting = 20_000
const maxWaitingUnits = 4_000_000
/** Names are hashed and lines sealed for so many at once; then others have their turn. */
const perWrite = 1_000
/** Nobody waits longer for a disk, be it to show a quote or to stop. */
const patienceMs = 2_000

interface Waiting {
  readonly conversation: Conversation
  readonly id: string
  readonly text: string
}

const isOf = ({ conversation }: Waiting, { channel, user }: Conversation): boolean =>
  conversation.user === user && conversation.channel === channel

/**
 * Keeps texts for seven days in files, which cost a store of memory nothing. They are sealed at rest always. What is kept is
 * gathered for a moment and then written with one line a file.
 * @param settings.folder of the media store; several machines may share it
 * @param settings.secrets the keys are derived from them: the first one seals, all of them open
 * @param settings.onError told of what a disk refused
 * @param settings.flushMs how long is gathered: each file that is written to costs about 0.1 ms of a processor
 */
export function createQuotes(settings: {
  readonly folder: string
  readonly secrets: readonly string[]
  readonly onError: (error: Error) => void
  readonly now?: () => number
  readonly flushMs?: number
}): StoredQuotes {
  const { folder, secrets, onError, now = Date.now, flushMs = 1_000 } = settings
  const shards = createShards({ folder: path.join(folder, 'quotes'), secrets })
  let waiting: Waiting[] = []
  let waitingUnits = 0
  /** What is being written is still found here. */
  let leaving: readonly Waiting[] = []
  let due = false
  let closed = false

  // A file is changed by one at a time, so that none of our own lines is lost while it is written anew.
  let last: Promise<unknown> = Promise.resolve()
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }

  async function writeDown(): Promise<void> {
    due = false
    let failure: unknown
    while (waiting.length > 0) {
      leaving = waiting.splice(0, perWrite)
      const day = dayOf(now())
      const byShard = new Map<string, Kept[]>()
      for (const { conversation, id, text } of leaving) {
        waitingUnits -= text.length
        const { shard, tag } = placeOf(conversation)
        const kept: Kept = [tag, id, shortened(text)]
        const others = byShard.get(shard)
        if (others) others.push(kept)
        else byShard.set(shard, [kept])
      }
      for (const [shard, kept] of byShard)
        await shards.append(day, shard, kept).catch((error: unknown) => {
          failure = error
        })
      leaving = []
    }
    if (failure) onError(failure as Error)
  }

  async function readBack(conversation: Conversation, id: string): Promise<string | undefined> {
    const { shard, tag } = placeOf(conversation)
    for (const day of keptDaysAt(now())) {
      const text = await shards.find(day, shard, tag, id)
      if (text !== undefined) return text
    }
    return undefined
  }

  async function remove(conversation: Conversation, id?: string): Promise<number> {
    const { shard, tag } = placeOf(conversation)
    const isDoomed = (one: Waiting) => isOf(one, conversation) && (id === undefined || one.id === id)
    const doomed = waiting.filter(isDoomed)
    waiting = waiting.filter((one) => !isDoomed(one))
    for (const { text } of doomed) waitingUnits -= text.length
    return inTurn(async () => {
      let removed = doomed.length
      for (const day of keptDaysAt(now()))
        removed += await shards.remove(day, shard, (kept) => kept[0] === tag && (id === undefined || kept[1] === id))
      return removed
    })
  }

  return {
    keep(conversation, id, text) {
      if (closed || text === '' || waiting.length >= maxWaiting || waitingUnits >= maxWaitingUnits) return
      waiting.push({ conversation, id, text })
      waitingUnits += text.length
      if (due) return
      due = true
      setTimeout(() => void inTurn(writeDown), flushMs).unref()
    },

    async find(conversation, id) {
      const isIt = (one: Waiting) => one.id === id && isOf(one, conversation)
      const inMemory = waiting.findLast(isIt) ?? leaving.findLast(isIt)
      if (inMemory) return shortened(inMemory.text)
      try {
        return await within(patienceMs, () => readBack(conversation, id))
      } catch (error) {
        onError(error as Error)
        return undefined
      }
    },

    forget: (conversation, id) => remove(conversation, id),
    eraseOwner: (conversation) => remove(conversation),

    async sweep(at) {
      await shards.sweep(at).catch(onError)
    },

    async close() {
      closed = true
      await within(patienceMs, () => inTurn(writeDown)).catch(onError)
    },
  }
}
