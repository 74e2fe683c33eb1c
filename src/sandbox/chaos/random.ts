import { createHash } from 'node:crypto'

/** Chance that comes out the same for the same seed. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number; both ends included. */
  whole(from: number, to: number): number
  between(from: number, to: number): number
  /** True in so many of 1 cases. */
  chance(probability: number): boolean
  pick<T>(from: readonly [T, ...T[]]): T
}

/** The generator mulberry32: small, and good enough to choose moments. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function createRandom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE()
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const whole: Random['whole'] = (from, to) => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    whole,
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    pick: (from) => from[whole(0, from.length - 1)] ?? from[0],
  }
}
