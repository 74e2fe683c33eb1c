/**
 * The system's or a library's code of an error (`ENOENT`), or undefined. Does not ask for an `Error`: those that Node's
 * own modules throw are of another class where code runs in a context of its own, as under Jest.
 */
export const errorCode = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
