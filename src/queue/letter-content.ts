import type { MessageIds } from '../bridge/events.ts'
import { laneEntry, parseLaneEntry } from './lanes.ts'

/** What of a stored dead letter concerns its content; see letters.ts for the rest, which is left as it is. */
interface Held {
  readonly ids?: Partial<MessageIds>
  readonly entry?: string
  readonly plan?: string
}

/** Stands in an entry in the place of its envelope; see the script that withdraws messages. */
const withdrawn = 'withdrawn'

/** The ids lie in the open part of the envelope, where an earlier release kept them only. */
function idsOf({ ids, entry }: Held): Partial<MessageIds> | undefined {
  const envelope = entry === undefined ? withdrawn : parseLaneEntry(entry).envelope
  return ids ?? (envelope === withdrawn ? undefined : (JSON.parse(envelope) as { ids: MessageIds }).ids)
}

/** The customer whom a dead letter came from or was to go to, as the platform names them; undefined when nobody knows. */
export const ownerOfLetter = (text: string): string | undefined => idsOf(JSON.parse(text) as Held)?.user

/** The same letter without its words and without the requests made from them; undefined when it has none (any more). */
export function withoutContent(text: string): string | undefined {
  const letter = JSON.parse(text) as Held
  const { plan, ...rest } = letter
  const { id, receivedAt, envelope } = parseLaneEntry(letter.entry ?? '')
  const empty = letter.entry === undefined || envelope === withdrawn
  if (empty && plan === undefined) return undefined
  const ids = idsOf(letter)
  return JSON.stringify({
    ...rest,
    ...(ids && { ids }),
    ...(letter.entry !== undefined && { entry: laneEntry(id, receivedAt, withdrawn) }),
  })
}
