import { z } from 'zod'

/** Shapes that several parts of the configuration file share. Messages never hold the value they complain about. */

/** An empty string counts as absent, so that `${NAME:-}` switches an optional key off. */
export const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' || value === null ? undefined : value), schema.optional())

/** An absent, null or empty value counts as the default, so that `${NAME:-}` works for every key that has one. */
export const withDefault = <T extends z.ZodType>(schema: T, value: z.output<T>) =>
  z
    .preprocess((given) => (given === '' || given === null ? undefined : given), schema.optional())
    .transform((read): z.output<T> => (read === undefined ? value : read) as z.output<T>)

/** A number, also as text from the environment. Unlike plain coercion, `true`, lists and blanks are none. */
export const number = (schema: z.ZodNumber) =>
  z.preprocess((given) => (typeof given === 'string' && given.trim() !== '' ? Number(given) : given), schema)

/** Yes or no, also as text from the environment. Other words are neither, lest a slip switches something on. */
export const flag = z.preprocess(
  (given) => (given === 'true' || given === 'false' ? given === 'true' : given),
  z.boolean(),
)

/** An absolute http or https address. */
export const webAddress = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: 'must be an absolute http or https address',
  })

/** A secret in plain text. */
export const secret = z.string({ error: 'must be a text' }).min(1, { error: 'must not be empty' })

/** One secret, or a list while one is being rotated; always read as a list, the current one first. */
export const secrets = z
  .union([secret, z.array(secret).min(1)], { error: 'must be one secret or a list of secrets, none empty' })
  .transform((value) => (Array.isArray(value) ? value : [value]))

/** `https://host[:port]` without a path. Plain http is for local platforms. */
export const origin = z.string().refine(
  (value) => {
    if (!URL.canParse(value)) return false
    const url = new URL(value)
    return /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash && !url.username
  },
  { error: 'must be an origin such as https://host, without a path' },
)
