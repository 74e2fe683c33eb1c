/** A small memory of this process, of what lately happened to whom. */
export interface Recently<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
}

/**
 * Makes one that forgets what was set longest ago when it would hold too much: whoever asks must be able to do without.
 * @param most how many keys it holds
 */
export function createRecently<T>({ most }: { readonly most: number }): Recently<T> {
  const values = new Map<string, T>()
  return {
    get: (key) => values.get(key),
    set(key, value) {
      values.delete(key)
      values.set(key, value)
      if (values.size <= most) return
      for (const oldest of values.keys()) {
        values.delete(oldest)
        return
      }
    },
  }
}
