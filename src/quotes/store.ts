import path from 'node:path'
import type { Conversation } from '../bridge/message.ts'
import type { Quotes } from '../bridge/quotes.ts'
import { shortened } from '../lib/graphemes.ts'
import { within } from '../lib/within.ts'
import { createGathered, type Gathered } from './gathered.ts'
import { findIn, type Kept, without, writeLine } from './lines.ts'
import { dayOf, fileOf, keptDaysAt } from './places.ts'
import { createShards } from './shards.ts'

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

/** No more UTF-16 units of a text are worth keeping, and no more characters are given back: a quote shows fewer. */
const keptUnits = 1_000
const shownCharacters = 200

/** Nobody waits longer for a disk, be it to show a quote or to stop. */
const patienceMs = 2_000

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
  const gathered = createGathered()
  /** What is being written is still found here. */
  let leaving: ReturnType<Gathered['take']> = []
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
    leaving = gathered.take()
    const day = dayOf(now())
    for (const { file, lines } of leaving)
      await shards.append(day, file, lines).catch((error: unknown) => {
        failure = error
      })
    leaving = []
    if (failure) onError(failure as Error)
  }

  async function readBack(conversation: Conversation, id: string): Promise<string | undefined> {
    const file = fileOf(conversation)
    for (const day of keptDaysAt(now())) {
      const text = await shards.find(day, file, conversation.user, id)
      if (text !== undefined) return text
    }
    return undefined
  }

  function inMemory({ channel, user }: Conversation, id: string): string | undefined {
    const waiting = findIn(gathered.linesOf(channel, user), user, id)
    if (waiting !== undefined) return waiting
    const file = fileOf({ channel, user })
    return findIn(leaving.find((one) => one.file === file)?.lines ?? '', user, id)
  }

  async function remove({ channel, user }: Conversation, id?: string): Promise<number> {
    const isDoomed = (kept: Kept) => kept[0] === user && (id === undefined || kept[1] === id)
    const { left, removed: waiting } = without(gathered.linesOf(channel, user), isDoomed)
    if (waiting > 0) gathered.replace(channel, user, left)
    return inTurn(async () => {
      let removed = waiting
      for (const day of keptDaysAt(now())) removed += await shards.remove(day, fileOf({ channel, user }), isDoomed)
      return removed
    })
  }

  const onDisk = (conversation: Conversation, id: string): Promise<string | undefined> =>
    within(patienceMs, () => readBack(conversation, id)).catch((error: unknown) => {
      onError(error as Error)
      return undefined
    })

  return {
    keep({ channel, user }, id, text) {
      if (closed || text === '') return
      const added = gathered.add(channel, user, writeLine(user, id, text.slice(0, keptUnits)))
      if (!added || due) return
      due = true
      setTimeout(() => void inTurn(writeDown), flushMs).unref()
    },

    async find(conversation, id) {
      const text = inMemory(conversation, id) ?? (await onDisk(conversation, id))
      // Its last character may have been torn when it was kept.
      return text === undefined ? undefined : shortened(text, shownCharacters, keptUnits - 1)
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
