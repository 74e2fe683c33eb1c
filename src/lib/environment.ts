import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { errorCode } from './error-code.ts'

/**
 * Variables in a configuration file.
 *
 * - `${NAME}` is replaced by the variable. Where it is unset or empty and `NAME_FILE` is set, by the content of that
 *   file, without one newline at its end (as container platforms hand out secrets).
 * - `${NAME:-default}` uses the default where both are unset or empty, as a shell does. A default ends at the first
 *   `}`, is taken literally, and holds no variables.
 * - `$${` stands for the two characters `${`.
 * - Only values are replaced, never keys or comments; a value is always a text and cannot change the structure,
 *   whatever it holds.
 */
export interface Template {
  /**
   * To be given to the parser: every variable is a plain word now, so it needs no quotes, not even in `{ url: ${URL:-}
   * }`.
   */
  readonly text: string
  /** Replaces the variables in what the parser made of {@link Template.text}. */
  fill(tree: unknown, environment: Readonly<Record<string, string | undefined>>): Filled
}

/** The tree with all variables replaced, and what went wrong. A faulty value is left out, as `undefined`. */
export interface Filled {
  readonly tree: unknown
  readonly faults: readonly PathFault[]
}

/** Something wrong at one key. The message never holds a value. */
export interface PathFault {
  readonly path: Path
  readonly message: string
}

/** Keys and list positions from the root. */
export type Path = readonly PropertyKey[]

/** `channels[0].line.channelSecret`; the root has an empty text. */
export const pathText = (path: Path): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('')

/** Alternatives: `$${…}`, `$${`, `${NAME}` or `${NAME:-default}`. */
const variable = /\$\$\{(?:[^{}\n]*\})?|\$\{([A-Za-z_]\w*)(?::-([^}\n]*))?\}/g

type Piece =
  | { readonly literal: string }
  | { readonly name: string; readonly fallback: string | undefined; readonly source: string }

/** Prepares the text of a configuration file for its parser. */
export function readTemplate(source: string): Template {
  const pieces: Piece[] = []
  // Made of letters and digits only, which mean nothing to YAML, and of chance, so that no file holds it already.
  const mark = `v${randomBytes(8).toString('hex')}n`
  const text = source.replace(variable, (whole: string, name: string | undefined, fallback: string | undefined) => {
    pieces.push(name === undefined ? { literal: whole.slice(1) } : { name, fallback, source: whole })
    return `${mark}${pieces.length - 1}e`
  })
  const marks = new RegExp(`${mark}(\\d+)e`, 'g')

  /** Keys keep what was written. */
  const restore = (key: string): string =>
    key.replace(marks, (_, index) => {
      const piece = pieces[Number(index)]
      if (!piece) return ''
      return 'literal' in piece ? piece.literal : piece.source
    })

  return {
    text,
    fill(tree, environment) {
      const faults: PathFault[] = []

      const fillText = (value: string, path: Path): string | undefined => {
        const before = faults.length
        const fault = (message: string): string => {
          faults.push({ path, message })
          return ''
        }
        if (value.includes('${'))
          fault(`holds \${ that is not followed by a NAME or NAME:-default and }; write $\${ for a plain \${`)
        const filled = value.replace(marks, (_, index) => {
          const piece = pieces[Number(index)]
          if (!piece) return ''
          if ('literal' in piece) return piece.literal
          if (piece.fallback?.includes('${')) return fault(`the default of ${piece.name} holds a variable`)
          const found = lookUp(piece.name, environment)
          if ('fault' in found) return fault(found.fault)
          const replacement = found.value || (piece.fallback ?? found.value)
          return replacement ?? fault(`the environment variable ${piece.name} is not set`)
        })
        return faults.length === before ? filled : undefined
      }

      const walk = (node: unknown, path: Path): unknown => {
        if (typeof node === 'string') return fillText(node, path)
        if (Array.isArray(node)) return node.map((one, index) => walk(one, [...path, index]))
        if (typeof node !== 'object' || node === null) return node
        const entries = Object.entries(node).map(([written, value]) => {
          const key = restore(written)
          return [key, walk(value, [...path, key])] as const
        })
        return Object.fromEntries(entries)
      }

      return { tree: walk(tree, []), faults }
    },
  }
}

/** The variable, else its file; a value of `undefined` means that neither is set. */
function lookUp(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly value: string | undefined } | { readonly fault: string } {
  const value = environment[name]
  const file = environment[`${name}_FILE`]
  if (value || !file) return { value }
  try {
    return { value: readFileSync(file, 'utf8').replace(/\r?\n$/, '') }
  } catch (error) {
    return { fault: `the file named by ${name}_FILE cannot be read (${errorCode(error)})` }
  }
}
