import { eraseFilesOfPerson } from '../media/erase.ts'
import type { MediaStore } from '../media/store.ts'
import type { Person, QueueEraser, TracedMessage } from '../queue/erase.ts'

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
}

/**
 * Everything that the bridge keeps of a person. **Whoever makes the bridge keep something more adds an entry here**: nothing
 * else has to be changed for `npm run erase` to remove it and to say so.
 *
 * Words come before files: a message that has lost its content copies no more files.
 * @param parts.profileKeys where the channel keeps what it knows of the person; the channel's folder knows
 * @param parts.traced the person's messages of the last weeks
 */
export function createErasers(parts: {
  readonly queues: QueueEraser
  readonly store: MediaStore
  readonly cache: Forgetful
  readonly profileKeys: (person: Person) => readonly string[]
  readonly traced: readonly TracedMessage[]
}): readonly Eraser[] {
  const { queues, store, cache, profileKeys, traced } = parts
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
      label: 'profile (name and language)',
      async erase(person) {
        const found = await Promise.all(profileKeys(person).map((key) => cache.forget(key)))
        return { count: found.filter(Boolean).length }
      },
    },
  ]
}
