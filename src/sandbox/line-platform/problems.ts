/** What LINE finds wrong in a request body: the `details` of its error answers. */
export interface Problem {
  readonly message: string
  readonly property: string
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** How LINE counts: UTF-16 units, and grapheme clusters in labels and templates. https://developers.line.biz/en/docs/messaging-api/text-character-count/ */
export type Unit = 'utf16' | 'graphemes'

/** Collects problems in LINE's words. https://developers.line.biz/en/reference/messaging-api/#error-responses */
export interface Problems {
  readonly found: readonly Problem[]
  add(property: string, message: string): void
  /** A text of 1 to `most` characters; `required: false` lets it be absent. */
  text(
    value: unknown,
    property: string,
    limits: { readonly most: number; readonly unit?: Unit; readonly required?: boolean },
  ): void
  number(value: unknown, property: string, limits: { readonly least: number; readonly most: number }): void
  oneOf(value: unknown, property: string, allowed: readonly string[], required?: boolean): void
  /** Returns the elements, or nothing when the value is no list of an allowed size. */
  list(value: unknown, property: string, limits: { readonly least: number; readonly most: number }): readonly unknown[]
  /** An address of a medium: https, at most 2,000 characters. Plain http is taken on loopback, where the sandbox lives. */
  mediaUrl(value: unknown, property: string, required?: boolean): void
}

export function createProblems(): Problems {
  const found: Problem[] = []
  const add = (property: string, message: string) => {
    found.push({ message, property })
  }
  const absent = (value: unknown, property: string, required: boolean) => {
    if (value !== undefined && value !== null) return false
    if (required) add(property, 'May not be empty')
    return true
  }
  const text: Problems['text'] = (value, property, { most, unit = 'utf16', required = true }) => {
    if (absent(value, property, required)) return
    if (typeof value !== 'string') return add(property, 'Must be a string')
    if (value === '') return add(property, 'May not be empty')
    const length = unit === 'utf16' ? value.length : [...graphemes.segment(value)].length
    if (length > most) add(property, `Length must be between 0 and ${most}`)
  }
  return {
    found,
    add,
    text,
    number: (value, property, { least, most }) => {
      if (absent(value, property, true)) return
      if (typeof value !== 'number' || value < least || value > most) {
        add(property, `Must be between ${least} and ${most}`)
      }
    },
    oneOf: (value, property, allowed, required = true) => {
      if (absent(value, property, required)) return
      if (!allowed.includes(value as string)) {
        add(property, `Must be one of the following values: [${allowed.join(', ')}]`)
      }
    },
    list: (value, property, { least, most }) => {
      if (absent(value, property, true)) return []
      if (Array.isArray(value) && value.length >= least && value.length <= most) return value
      add(property, `Size must be between ${least} and ${most}`)
      return []
    },
    mediaUrl: (value, property, required = true) => {
      if (absent(value, property, required)) return
      text(value, property, { most: 2000 })
      if (typeof value !== 'string' || value === '') return
      // https://developers.line.biz/en/reference/messaging-api/#url-encoding
      if (!/^[\x21-\x7e]+$/.test(value) || !URL.canParse(value)) return add(property, 'Must be a valid URL')
      const { protocol, hostname } = new URL(value)
      const onLoopback = protocol === 'http:' && /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(hostname)
      if (protocol !== 'https:' && !onLoopback) add(property, 'Must be a valid HTTPS URL')
    },
  }
}
