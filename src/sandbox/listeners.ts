/** Told things, tells them to everyone who listens, in order and at once. */
export interface Listeners<Event> {
  /** Returns a function that ends listening. */
  on(listener: (event: Event) => void): () => void
  tell(event: Event): void
}

export function createListeners<Event>(): Listeners<Event> {
  const listeners = new Set<(event: Event) => void>()
  return {
    on: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    tell: (event) => {
      for (const listener of listeners) listener(event)
    },
  }
}
