/** What is computed from measured values. Pure. */

/** The value in the middle, or the mean of the two that are. @throws {RangeError} without a value */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new RangeError('There is no median of nothing.')
  return (upper + lower) / 2
}

/**
 * The smallest value that is not exceeded by `share` of all (nearest rank).
 * @param sorted in ascending order
 * @param share 0.99 for the 99th percentile
 * @throws {RangeError} without a value
 */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (value === undefined) throw new RangeError('There is no percentile of nothing.')
  return value
}

/**
 * The median of the ratios of each pair, which a machine that gets slower or faster during the run disturbs less than the ratio of
 * two medians.
 * @throws {RangeError} without a pair
 */
export const ratio = (ours: readonly number[], reference: readonly number[]): number =>
  median(ours.slice(0, reference.length).map((value, pair) => value / (reference[pair] ?? Number.NaN)))
