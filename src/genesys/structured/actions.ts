import type { Action } from '../../bridge/message.ts'
import { asText } from '../../lib/loose.ts'
import { addressName, openable } from './addresses.ts'
import { asPayload, labelled } from './words.ts'

/** What became of something to touch: an action, or, where touching it could do nothing, the words that it leaves. */
export interface ReadAction {
  readonly action?: Action
  readonly words?: string
}

/** Opens an address. One that may not be opened is still told. */
export function openAction(label: string | undefined, address: string | undefined, told: unknown): ReadAction {
  if (address) return { action: { do: 'open', label: label ?? addressName(address), url: address } }
  const words = labelled(label, asText(told))
  return words ? { words } : {}
}

/** Answers with the payload, or with what the customer saw where there is none. */
export function answerAction(label: string | undefined, payload: unknown): ReadAction {
  const answer = asPayload(payload) ?? label
  return answer ? { action: { do: 'answer', label: label ?? answer, payload: answer } } : {}
}

/**
 * A card's action, whose `type` is `Link` or `Postback`; one of another type does what its members allow.
 * https://help.genesys.cloud/articles/work-with-cards-in-bot-conversations/
 */
export function cardAction(action: Readonly<Record<string, unknown>>, label: string | undefined): ReadAction {
  const opens = openAction(label, openable(action.url), action.url)
  if (action.type === 'Link') return opens
  const answers = answerAction(label, action.payload)
  const prefersAddress = action.type !== 'Postback' && asPayload(action.payload) === undefined && opens.action
  return prefersAddress || !answers.action ? opens : answers
}

/** The actions of a list, and the words of those that can do nothing. */
export const sorted = (read: readonly ReadAction[]): { actions: Action[]; words: string[] } => ({
  actions: read.flatMap(({ action }) => action ?? []),
  words: read.flatMap(({ words }) => words ?? []),
})
