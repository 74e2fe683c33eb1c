/** A small memory that all processes share, for things that can be fetched again. Sealed when the operator set a key. */
export interface Cache {
  /** Rejects when the store is away; callers that must not fail catch it. */
  get(key: string): Promise<string | undefined>
  set(key: string, value: string, ttlSeconds: number): Promise<void>
  /** As `set`, unless there is something under the key, or it was to be forgotten a moment ago. */
  add(key: string, value: string, ttlSeconds: number): Promise<void>
  /** True when there was something under the key. */
  forget(key: string): Promise<boolean>
  /** True for exactly one caller per key until it runs out. */
  claim(key: string, ttlSeconds: number): Promise<boolean>
}
