import { isIPv6 } from 'node:net'
import type { RequestHandler, Response } from 'express'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { createSecretCheck } from '../lib/hmac.ts'

/** The one login of the console. */
export interface AdminLogin {
  readonly username: string
  readonly password: string
}

/** When wrong logins of an address are slowed down. */
export interface LoginLimits {
  /** So many wrong ones … */
  readonly wrongLogins: number
  /** … within this time … */
  readonly withinSeconds: number
  /** … and the address is refused for this long, right logins included: else guessing would go on at full speed. */
  readonly refusedSeconds: number
}

const defaultLimits: LoginLimits = { wrongLogins: 5, withinSeconds: 600, refusedSeconds: 60 }

/**
 * HTTP Basic in front of everything behind it: 401 without the right login, 429 with `Retry-After` after too many wrong
 * ones. Addresses are counted apart (Express' `request.ip`, so `trust proxy` decides whose), IPv6 ones by their /64
 * network, which is what one household or attacker is given. https://www.rfc-editor.org/rfc/rfc7617
 * Leaves the login's name in `response.locals.operator`, for the record of who did what.
 */
export function createBasicAuth(settings: {
  readonly login: AdminLogin
  readonly limits?: LoginLimits
}): RequestHandler {
  const { wrongLogins, withinSeconds, refusedSeconds } = settings.limits ?? defaultLimits
  const limiter = new RateLimiterMemory({ points: wrongLogins, duration: withinSeconds, blockDuration: refusedSeconds })
  const matches = loginCheck(settings.login)

  return async (request, response, next) => {
    const { authorization } = request.headers
    // Browsers ask once without credentials before they show the login; that is no wrong login.
    if (authorization === undefined) return unauthorized(response)
    const address = networkOf(request.ip ?? 'unknown')
    // Counted before it is looked at, so that guesses that arrive together cannot all slip through.
    try {
      await limiter.consume(address)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      response
        .status(429)
        .set('Retry-After', String(Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))))
        .json({ error: { code: 'too_many_logins', message: 'Too many wrong logins. Wait, then try again.' } })
      return
    }
    if (!matches(authorization)) return unauthorized(response)
    await limiter.delete(address)
    response.locals.operator = settings.login.username
    next()
  }
}

function unauthorized(response: Response): void {
  response
    .status(401)
    .set('WWW-Authenticate', 'Basic realm="Ops console", charset="UTF-8"')
    .json({ error: { code: 'unauthorized', message: 'This needs the login of the console.' } })
}

/** Both are always compared, so that the time taken does not tell which one was wrong. */
function loginCheck(login: AdminLogin): (authorization: string) => boolean {
  const isUsername = createSecretCheck(login.username)
  const isPassword = createSecretCheck(login.password)
  return (authorization) => {
    const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization)?.[1] ?? ''
    const given = Buffer.from(encoded, 'base64').toString('utf8')
    const cut = given.indexOf(':')
    const usernameFits = isUsername(given.slice(0, Math.max(cut, 0)))
    const passwordFits = isPassword(given.slice(cut + 1))
    return cut >= 0 && usernameFits && passwordFits
  }
}

/** The key under which an address is counted. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const tailGroups = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - tailGroups.length)).fill('0')
  return [...groups, ...zeros, ...tailGroups].slice(0, 4).join(':')
}
