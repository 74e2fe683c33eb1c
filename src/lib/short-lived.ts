/**
 * Collections for what comes and goes with every message.
 *
 * V8 links a table that a `Set` or a `Map` has outgrown, if only by deletions, to the table that follows it. Once one of these has grown
 * old, all its successors, with whatever was in them, outlive every young collection: with a thousand comings and goings a second that
 * was a third of all work on garbage.
 */

/** Some hundreds of things at most, in no order. */
export interface Bag<T> {
  readonly size: number
  add(item: T): void
  /** Nothing happens when it is not there. */
  remove(item: T): void
  all(): readonly T[]
}

export function createBag<T>(): Bag<T> {
  const items: T[] = []
  return {
    get size() {
      return items.length
    },
    add: (item) => void items.push(item),
    remove: (item) => removeAt(items, items.indexOf(item)),
    all: () => items,
  }
}

/** Values by key; a key has one value at a time. */
export interface Directory<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  /** Nothing happens when the key has no value. */
  remove(key: string): void
}

const shelves = 256

export function createDirectory<V>(): Directory<V> {
  const entries = Array.from({ length: shelves }, (): { readonly key: string; value: V }[] => [])
  /** Ids mostly differ in their last characters. */
  const shelfOf = (key: string) => {
    const last = key.length - 1
    const sum = key.charCodeAt(last) + 31 * key.charCodeAt(last - 1) + 17 * key.charCodeAt(last - 2)
    return entries[Math.abs(sum | 0) % shelves] ?? []
  }
  return {
    get: (key) => shelfOf(key).find((entry) => entry.key === key)?.value,
    set(key, value) {
      const shelf = shelfOf(key)
      const known = shelf.find((entry) => entry.key === key)
      if (known) known.value = value
      else shelf.push({ key, value })
    },
    remove(key) {
      const shelf = shelfOf(key)
      removeAt(
        shelf,
        shelf.findIndex((entry) => entry.key === key),
      )
    },
  }
}

/** The last one takes its place. */
function removeAt(items: unknown[], at: number): void {
  if (at === -1) return
  const last = items.pop()
  if (at < items.length) items[at] = last
}
