import { setTimeout as sleep } from 'node:timers/promises'
import { eraseFilesOfPerson } from '../media/erase.ts'
import type { MediaStore } from '../media/store.ts'
import type { Person, QueueEraser, TracedMessage } from '../queue/erase.ts'
import type { StoredQuotes } from '../quotes/store.ts'

/** A running bridge writes down well within this time what it keeps for quotes. */
const quotesWrittenMs = 1_500

/** What one eraser removed. `bytes`: on disk, where that says something. */
export interface Removed {
  readonly count: number
  readonly bytes?: number
}

/**
 * Erases one kind of thing that the bridge keeps of a person. It may be run again at any time, also after it was broken off,
 * and while the bridge runs.
 */
export interface Eraser {
  /** For programs: `dead_letters`. */
  readonly what: string
  /** For people. */
  readonly label: string
  erase(person: Person): Promise<Removed>
}

/** The cache as far as an erasure needs it. */
export interface Forgetful {
  /** True when there was something under the key. */
  forget(key: string): Promise<boolean>
  /** For all keys that begin so; tells under how many there was something. */
  forgetAll(prefix: string): Promise<number>
}

/**
 * Everything that the bridge keeps of a person. **Whoever makes the bridge keep something more adds an entry here**: nothing
 * else has to be changed for `npm run erase` to remove it and to say so.
 *
 * Words come before files: a message that has lost its content copies no more files.
 * @param parts.personKeys where in the cache the channel keeps what it knows of the person, each under a key of its own, and what it
 *   offered to them, under keys that begin so; the channel's folder knows
 * @param parts.traced the person's messages of the last weeks
 */
export function createErasers(parts: {
  readonly queues: QueueEraser
  readonly store: MediaStore
  readonly cache: Forgetful
  readonly quotes: Pick<StoredQuotes, 'eraseOwner'>
  readonly personKeys: (person: Person) => { readonly keys: readonly string[]; readonly prefixes: readonly string[] }
  readonly traced: readonly TracedMessage[]
}): readonly Eraser[] {
  const { queues, store, cache, quotes, personKeys, traced } = parts
  return [
    {
      what: 'waiting_inbound',
      label: 'waiting messages of the customer',
      erase: async (person) => ({ count: await queues.waiting(person, 'inbound') }),
    },
    {
      what: 'waiting_outbound',
      label: 'waiting messages to the customer',
      erase: async (person) => ({ count: await queues.waiting(person, 'outbound') }),
    },
    {
      what: 'dead_letters',
      label: 'dead letters',
      erase: async (person) => ({ count: await queues.letters(person) }),
    },
    {
      what: 'files',
      label: 'files',
      async erase(person) {
        const { files, bytes } = await eraseFilesOfPerson({ store, ...person, messages: traced })
        return { count: files, bytes }
      },
    },
    {
      what: 'profile',
      label: 'profile (name, language, notes)',
      async erase(person) {
        const found = await Promise.all(personKeys(person).keys.map((key) => cache.forget(key)))
        return { count: found.filter(Boolean).length }
      },
    },
    {
      what: 'offers',
      label: 'buttons offered to the customer',
      async erase(person) {
        let count = 0
        for (const prefix of personKeys(person).prefixes) count += await cache.forgetAll(prefix)
        return { count }
      },
    },
    {
      what: 'quotes',
      label: 'texts kept for quotes',
      async erase(person) {
        await sleep(quotesWrittenMs)
        return { count: await quotes.eraseOwner(person) }
      },
    },
  ]
}
