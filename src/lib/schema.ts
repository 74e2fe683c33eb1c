import type { z } from 'zod'
import type { Path, PathFault } from './environment.ts'

/** What a schema made of a value, or everything that is wrong with it. */
export type Checked<T> = { readonly value: T; readonly faults: readonly [] } | { readonly faults: readonly PathFault[] }

/** Checks a value from a configuration file. The messages are for operators and never hold a value. */
export function check<T>(schema: z.ZodType<T>, tree: unknown): Checked<T> {
  const outcome = schema.safeParse(tree, { error: words })
  if (outcome.success) return { value: outcome.data, faults: [] }
  return { faults: outcome.error.issues.flatMap((issue) => faultsOf(issue, tree)) }
}

function faultsOf(issue: z.core.$ZodIssue, tree: unknown): PathFault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a known key' }))
  // A schema's own words describe a wrong value; for an absent one there is only one thing to say.
  const absent = (valueAt(tree, issue.path) ?? undefined) === undefined
  return [{ path: issue.path, message: absent ? 'is missing' : issue.message }]
}

/** The value at a path of a parsed file, or undefined. */
export function valueAt(tree: unknown, path: Path): unknown {
  let node = tree
  for (const part of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, part)) return undefined
    node = Reflect.get(node, part)
  }
  return node
}

const types: Readonly<Record<string, string>> = {
  string: 'a text (in quotes, if it looks like something else)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a group of keys',
  record: 'a group of keys',
  array: 'a list',
}

/** Words for what a schema has no message of its own for. */
function words(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${types[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty'
      if (issue.origin === 'array') return 'must have at least one entry'
      return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
    case 'too_big':
      if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`
      return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`
    default:
      return 'is not valid'
  }
}
