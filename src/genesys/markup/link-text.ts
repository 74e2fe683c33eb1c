/** Addresses that mean nothing outside the page on which they stand. */
const inward = /^\s*(?:javascript:|data:|vbscript:|#|$)/i

/** A link or a picture in words: `label (address)`, or the address alone where the label says no more. */
export function linkText(label: string, address: string): string {
  const told = label.trim()
  if (inward.test(address)) return label
  if (told === '' || told === address) return address
  return [`mailto:${told}`, `tel:${told}`].includes(address) ? label : `${label.trimEnd()} (${address})`
}
