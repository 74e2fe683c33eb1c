import type { Request, RequestHandler } from 'express'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses with 403 what another site makes a logged-in browser do: browsers send the Basic login along by themselves. A
 * request that changes something and carries `Origin` or `Sec-Fetch-Site` must be same-origin by each that is there; a
 * terminal sends neither, and its login suffices.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 * @param settings.publicUrl the address that people use; it may differ from the host that a proxy passes on
 */
export function createSameOrigin(settings: { readonly publicUrl: string }): RequestHandler {
  const publicAddress = new URL(settings.publicUrl)
  return (request, response, next) => {
    const { origin, 'sec-fetch-site': site } = request.headers
    const sameSite = site === undefined || site === 'same-origin'
    const sameOrigin = origin === undefined || isOwnOrigin(origin, request, publicAddress)
    if (safeMethods.has(request.method) || (sameSite && sameOrigin)) return next()
    response.status(403).json({
      error: { code: 'cross_origin', message: 'A page of another origin may not change anything here.' },
    })
  }
}

function isOwnOrigin(origin: string, request: Request, publicAddress: URL): boolean {
  if (origin === publicAddress.origin) return true
  const host = request.headers.host?.toLowerCase()
  // Under the public name only the public scheme counts: a plain-http page of that name may be somebody on the wire.
  if (host === undefined || host === publicAddress.host) return false
  // Under another name TLS may end in front of us, so https is taken even where we see http.
  return origin === `${request.protocol}://${host}` || origin === `https://${host}`
}
