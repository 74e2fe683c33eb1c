import { regionHost } from './regions.ts'

/** Where a Genesys organisation is reached. */
export interface Endpoints {
  /** Origin of the token request. */
  readonly loginOrigin: string
  /** Origin of the API. */
  readonly apiOrigin: string
  /** The region's host, or undefined behind a gateway. */
  readonly regionHost: string | undefined
  /** May a bearer token be sent to this address? */
  isOwn(url: URL): boolean
}

const ownNames = ['api', 'api-downloads', 'login']

/**
 * The addresses of a region (`https://login.{host}`,
 * `https://api.{host}`) or of a gateway, which serves both.
 * https://developer.genesys.cloud/platform/api/
 * @throws {Error} when neither a known region nor a gateway is named, which the settings rule out.
 */
export function endpointsOf(settings: {
  readonly region?: string | undefined
  readonly gatewayUrl?: string | undefined
}): Endpoints {
  if (settings.gatewayUrl) {
    const { origin } = new URL(settings.gatewayUrl)
    return {
      loginOrigin: origin,
      apiOrigin: origin,
      regionHost: undefined,
      isOwn: (url) => url.origin === origin,
    }
  }
  const host = regionHost(settings.region ?? '')
  if (!host) throw new Error('Neither a Genesys region nor a gateway is configured.')
  const own = new Set(ownNames.map((name) => `https://${name}.${host}`))
  return {
    loginOrigin: `https://login.${host}`,
    apiOrigin: `https://api.${host}`,
    regionHost: host,
    isOwn: (url) => own.has(url.origin),
  }
}
