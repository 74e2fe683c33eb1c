import { hkdfSync } from 'node:crypto'
import { createSealer, type Sealer } from '../../../lib/seal.ts'

const keyFrom = (secret: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', 'line channel access token, sealed', 32))

/**
 * Seals channel access tokens under keys derived from the channel's secrets. A token in the cache is a secret, also
 * where the operator set no key for the cache; the channel secret is known to every process that needs the token, and
 * to nobody else.
 */
export const createTokenSealer = (secrets: readonly string[]): Sealer => createSealer({ keys: secrets.map(keyFrom) })
