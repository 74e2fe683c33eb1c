import { z } from 'zod'
import { pathText } from '../../lib/environment.ts'
import { check } from '../../lib/schema.ts'
import { number } from '../../lib/settings.ts'
import { badRequest } from './refusal.ts'

/** Ids of the platforms are at most a few dozen characters long. */
const maxIdLength = 256
const maxIdsInBody = 10_000

const direction = z.enum(['inbound', 'outbound'])
const id = z
  .string()
  .trim()
  .min(1)
  .max(maxIdLength, { error: `must be at most ${maxIdLength} characters long` })
const word = z.string().min(1).max(maxIdLength)

/** By what dead letters are chosen; an empty one means all. `reason` is a reason's code. */
const filter = z.strictObject({
  channel: word.optional(),
  direction: direction.optional(),
  reason: word.optional(),
})

/** Why somebody does something, in their own words. */
const reason = z
  .string({ error: 'must say why, in a few words' })
  .trim()
  .min(1, { error: 'must say why, in a few words' })

/** `GET messages` */
export const messagesQuery = z.strictObject({ q: id })

/** `GET dead-letters`; `limit` is how many a page may hold, 50 unless given. */
export const deadLettersQuery = filter.extend({
  cursor: word.optional(),
  limit: number(z.number().int().min(1).max(500)).optional(),
})

/** `GET dead-letters/{id}` */
export const deadLetterQuery = z.strictObject({ content: z.enum(['0', '1']).optional() })

/** `POST dead-letters/replay` and `/discard` */
export const moveBody = z
  .strictObject({
    ids: z
      .array(id)
      .min(1)
      .max(maxIdsInBody, { error: `must have at most ${maxIdsInBody} entries` })
      .optional(),
    filter: filter.optional(),
    reason,
    confirmUncertain: z.boolean({ error: 'must be true or false' }).optional(),
  })
  .refine((body) => (body.ids === undefined) !== (body.filter === undefined), {
    error: 'must hold either ids or filter; an empty filter means all dead letters',
  })

/** `POST channels/{channel}/{direction}/pause` and `/resume` */
export const pauseBody = z.strictObject({ reason })

/** `{channel}/{direction}` */
export const flowPath = z.object({ channel: word, direction })

/**
 * Reads what a request says.
 * @param what where it stands, for the message: `the query`
 * @throws {ApiRefusal} 400, naming every fault without repeating a value
 */
export function read<T>(schema: z.ZodType<T>, given: unknown, what: string): T {
  const checked = check(schema, given)
  if (checked.faults.length === 0 && 'value' in checked) return checked.value
  const faults = checked.faults.map(({ path, message }) => `${pathText(path) || what} ${message}`)
  throw badRequest(`${capital([...new Set(faults)].join('; '))}.`)
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
