import { decodeJwt, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose'
import type { Ids } from '../ids.ts'
import type { LineAccount } from './platform.ts'

/** The three kinds that are issued by request. https://developers.line.biz/en/docs/basics/channel-access-token/ */
export type TokenKind = 'v2.1' | 'stateless' | 'short-lived'

/** A channel access token that was issued by request. */
export interface IssuedToken {
  readonly token: string
  readonly account: string
  readonly kind: TokenKind
  readonly keyId: string
  readonly expiresAt: number
}

/** All tokens of the platform. */
export interface LineTokens {
  /** The account whose token this is, long-lived or issued and not expired. */
  ownerOf(token: string): string | undefined
  issued(token: string): IssuedToken | undefined
  issue(account: string, kind: TokenKind, seconds: number): IssuedToken
  /** Unexpired ones of a kind. */
  living(account: string, kind: TokenKind): readonly IssuedToken[]
  revoke(token: string): void
  revokeAll(account: string): void
}

export function createLineTokens(made: {
  readonly accounts: () => Iterable<LineAccount>
  readonly ids: Ids
  readonly now: () => number
}): LineTokens {
  const { accounts, ids, now } = made
  const tokens = new Map<string, IssuedToken>()
  const issued = (token: string) => {
    const found = tokens.get(token)
    return found && found.expiresAt > now() ? found : undefined
  }
  return {
    issued,
    ownerOf: (token) => {
      for (const account of accounts()) if (account.accessToken === token) return account.name
      return issued(token)?.account
    },
    issue: (account, kind, seconds) => {
      const entry = { token: ids.opaque(160), account, kind, keyId: ids.opaque(22), expiresAt: now() + seconds * 1000 }
      tokens.set(entry.token, entry)
      return entry
    },
    living: (account, kind) =>
      [...tokens.values()].filter((one) => one.account === account && one.kind === kind && one.expiresAt > now()),
    revoke: (token) => {
      tokens.delete(token)
    },
    revokeAll: (account) => {
      for (const one of tokens.values()) if (one.account === account) tokens.delete(one.token)
    },
  }
}

/** What a JWT assertion proved, or the words and status with which LINE refuses it. */
export type Assertion =
  | { readonly account: LineAccount; readonly tokenSeconds: number | undefined }
  | { readonly status: 400 | 404; readonly words: string }

/** https://developers.line.biz/en/docs/messaging-api/generate-json-web-token/ */
export async function checkAssertion(made: {
  readonly jwt: string
  readonly accounts: Iterable<LineAccount>
  readonly now: number
}): Promise<Assertion> {
  const { jwt, now } = made
  try {
    const { kid, typ } = decodeProtectedHeader(jwt)
    const claims = decodeJwt(jwt)
    const account = [...made.accounts].find((one) => one.channelId === claims.iss)
    const key = account?.assertionPublicKeys?.find((one) => one.kid === kid) as JWK | undefined
    if (!account || !key) return { status: 404, words: 'Cannot find channel key that satisfies the conditions' }
    if (typ !== 'JWT') return { status: 400, words: 'Invalid typ' }
    // Only RS256 is documented; a key registered for another algorithm is taken at its word.
    const algorithm = key.alg ?? 'RS256'
    await jwtVerify(jwt, await importJWK(key, algorithm), {
      algorithms: [algorithm],
      issuer: account.channelId,
      subject: account.channelId,
      audience: 'https://api.line.me/',
      currentDate: new Date(now),
    })
    if (typeof claims.exp !== 'number' || claims.exp * 1000 > now + 30 * 60_000 + 5_000) {
      return { status: 400, words: 'Invalid exp' }
    }
    const tokenSeconds = claims.token_exp
    if (tokenSeconds !== undefined && !(Number.isInteger(tokenSeconds) && Number(tokenSeconds) > 0)) {
      return { status: 400, words: 'Invalid token_exp' }
    }
    return { account, tokenSeconds: tokenSeconds === undefined ? undefined : Number(tokenSeconds) }
  } catch (error) {
    return { status: 400, words: error instanceof Error ? error.message : 'Invalid client_assertion' }
  }
}
