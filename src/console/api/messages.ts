import type { Found } from '../../queue/find.ts'
import type { Paused } from '../../queue/operations.ts'
import { isoTime } from './channels.ts'
import type { MessagesJson } from './shapes.ts'

/** A pause stops what has not begun; what is being delivered goes on to its end. */
const stopped = new Set(['waiting', 'retrying', 'held'])

/** Timelines as callers see them. What waits in a paused direction is told to be paused. */
export const toMessagesJson = ({ items, complete }: Found, paused: readonly Paused[]): MessagesJson => ({
  items: items.map(({ ids, channel, direction, state, steps }) => ({
    ids,
    channel,
    direction,
    state:
      stopped.has(state) && paused.some((one) => one.channel === channel && one.direction === direction)
        ? 'paused'
        : state,
    steps: steps.map(({ at, ...step }) => ({ at: isoTime(at), ...step })),
  })),
  complete,
})
