import { expect } from '@jest/globals'
import type { Json, SentByPhone, ShownMessage } from '../../src/sandbox/platforms.ts'
import type { Brand } from './talk.ts'
import { until } from './until.ts'
import { thailand, type World } from './world.ts'

/** An action of a LINE message: what happens when something is touched. */
export interface LineAction {
  readonly type: string
  readonly label?: string
  readonly data?: string
  readonly displayText?: string
  readonly uri?: string
  readonly mode?: string
  readonly min?: string
  readonly max?: string
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** Every action in a LINE message, in the order in which it is read. */
export function actionsIn(value: unknown): LineAction[] {
  if (Array.isArray(value)) return value.flatMap(actionsIn)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === 'action' || key === 'defaultAction') && isObject(inner)
      ? [inner as unknown as LineAction]
      : actionsIn(inner),
  )
}

/** Where the first button of a LINE message leads that leads anywhere. */
export const linkIn = (message: unknown): string => actionsIn(message).find(({ uri }) => uri)?.uri ?? ''

/** Every text that a reader of a LINE message sees, buttons included. */
export function wordsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(wordsIn)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' && ['text', 'title', 'label'].includes(key) ? [inner] : wordsIn(inner),
  )
}

const isCalled =
  (words: string) =>
  ({ label, displayText }: LineAction): boolean =>
    label === words || displayText === words

/** Waits until the phone shows something to touch that is called so. */
export const shownAction = (
  world: Pick<World, 'line'>,
  words: string,
  brand: Brand = thailand,
  user: string = brand.userId,
): Promise<{ readonly action: LineAction; readonly shown: ShownMessage }> =>
  until(`“${words}” to be touched`, () => {
    for (const shown of world.line.messages(brand.name, user)) {
      const action = actionsIn(shown.message).find(isCalled(words))
      if (action) return { action, shown }
    }
    return undefined
  })

/**
 * The customer touches what is called so, and LINE posts it back.
 * @param params what was chosen, for a date picker
 */
export async function touch(
  world: Pick<World, 'line'>,
  words: string,
  settings: { readonly brand?: Brand; readonly params?: Json } = {},
): Promise<SentByPhone> {
  const { brand = thailand, params } = settings
  const { action } = await shownAction(world, words, brand)
  expect(['postback', 'datetimepicker']).toContain(action.type)
  return world.line.send(brand.name, brand.userId, {
    type: 'postback',
    data: action.data ?? '',
    ...(params && { params }),
  })
}
