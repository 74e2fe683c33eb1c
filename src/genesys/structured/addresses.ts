import type { MediaContent } from '../../bridge/message.ts'
import { asText } from '../../lib/loose.ts'

const parsed = (value: unknown): URL | undefined => URL.parse(asText(value)?.trim() ?? '') ?? undefined

/** Whatever RFC 3986 does not allow in an address, which platforms refuse although browsers do not. */
const escaped = (address: string): string =>
  address
    .replace(/[^\w\-.~:/?#[\]@!$&'()*+,;=%]/gu, (character) => encodeURIComponent(character))
    .replace(/%(?![\da-f]{2})/gi, '%25')

/**
 * As `tel:` wants it: https://www.rfc-editor.org/rfc/rfc3966. Undefined for what is no number. The `(0)` of `+66 (0)2` is dialled only
 * without the country's code.
 */
export function phoneAddress(value: unknown): string | undefined {
  const number = asText(value)?.trim() ?? ''
  return /^\+?[\d\s().-]+$/.test(number) && /\d/.test(number)
    ? `tel:${number.replace(/^(\+.*)\(0\)/, '$1').replace(/[^+\d]/g, '')}`
    : undefined
}

/** An http or https address that a platform takes, written with ASCII only; undefined for all else. */
export function webAddress(value: unknown): string | undefined {
  const url = parsed(value)
  if (!url || !/^https?:$/.test(url.protocol)) return undefined
  const written = asText(value)?.trim() ?? ''
  return escaped(/^[\x21-\x7e]+$/.test(written) ? written : url.href)
}

/** An address that a touch may open: http, https or tel. */
export const openable = (value: unknown): string | undefined =>
  webAddress(value) ?? phoneAddress(/^\s*tel:(.*)$/is.exec(asText(value) ?? '')?.[1])

/** What to call an address of which nothing is said: the file's name if it has one, else the host, or the number. */
export function addressName(address: string): string {
  const url = parsed(address)
  if (!url?.host) return address.replace(/^tel:/, '')
  const last = url.pathname.split('/').at(-1) ?? ''
  return /\.\w{2,5}$/.test(last) ? unescaped(last) : url.host
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A picture that decorates something, if it can be fetched at all. */
export function picture(value: unknown): MediaContent | undefined {
  const url = webAddress(value)
  return url ? { kind: 'media', media: 'image', source: { by: 'url', url } } : undefined
}
