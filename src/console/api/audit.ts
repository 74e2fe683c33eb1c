import type { Response } from 'express'
import type { BridgeEvent, Emit } from '../../bridge/events.ts'

type Acted = Extract<BridgeEvent, { type: 'operator.acted' }>

/** What a person wants to do; see the event's own fields. */
export type Order = Pick<Acted, 'action' | 'who'> &
  Partial<Pick<Acted, 'reason' | 'channel' | 'direction' | 'ids' | 'filter'>>

const maxReasonLength = 300
const maxIds = 100

/** The name under which the caller has logged in. */
export const whoAsks = (response: Response): string => String(response.locals.operator ?? 'unknown')

/**
 * Does what a person ordered and tells it to all listeners, once, however it ends.
 * @param count what it was done to, by what came of it
 */
export async function audited<T>(parts: {
  readonly emit: Emit
  readonly order: Order
  readonly act: () => Promise<T>
  readonly count: (result: T) => Pick<Acted, 'count' | 'skipped'>
}): Promise<T> {
  const { emit, order, act, count } = parts
  const { reason, ids, ...rest } = order
  const about = {
    type: 'operator.acted',
    ...rest,
    ...(reason !== undefined && { reason: [...reason].slice(0, maxReasonLength).join('') }),
    ...(ids && { ids: ids.slice(0, maxIds) }),
  } as const
  try {
    const result = await act()
    emit({ ...about, ...count(result) })
    return result
  } catch (error) {
    emit({ ...about, count: 0, failed: true })
    throw error
  }
}
