import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { demoBrands, demoGenesys, demoLine } from '../demo-world.ts'
import { createGenesysCloud } from '../genesys-cloud/index.ts'
import { createLinePlatform } from '../line-platform/index.ts'
import type { GenesysCloud, GenesysCloudSettings, LinePlatform } from '../platforms.ts'

/** The demo's two brands, which share one OAuth client, with many customers each. */
export const brands = demoBrands

/** The login of the bridge's console in a run. */
export const consoleLogin = { username: 'ops', password: 'chaos' } as const

/** As LINE documents it. */
const lineTimeoutMs = 2_000
/** Genesys waits 10 s; less, so that a run ends. */
const genesysTimeoutMs = 4_000
/** LINE does not tell its own; the last one repeats. */
const lineRedeliveryMs = [200, 400, 800, 1_500]
/** Genesys gives up after five; here both platforms go on until they are answered 200. */
const genesysRetryMs = new Array<number>(2_000).fill(500)

const channels = new Map(brands.map(({ genesys, channel }) => [genesys.integrationId, channel]))

/** The channel's name, as the bridge and the played LINE know it; empty for a stranger's. */
export const channelOf = (integrationId: string | undefined): string => channels.get(integrationId ?? '') ?? ''

export const userIdOf = (account: number, customer: number): string =>
  `U${createHash('sha256').update(`chaos ${account} ${customer}`).digest('hex').slice(0, 32)}`

/**
 * The two played platforms of a run.
 * @param request.seed makes their ids the same again, as far as they are drawn in the same order
 */
export function createPlatforms(request: {
  readonly seed: string
  readonly bridgeUrl: string
  readonly customers: number
  /** They keep every request: the judge needs them all. */
  readonly keepRequests: number
}): { readonly line: LinePlatform; readonly genesys: GenesysCloud } {
  const { seed, bridgeUrl, customers, keepRequests } = request
  const lineSettings = demoLine(bridgeUrl)
  const line = createLinePlatform({
    ...lineSettings,
    accounts: lineSettings.accounts.map((account, index) => ({
      ...account,
      friends: Array.from({ length: customers }, (_, customer) => ({
        userId: userIdOf(index, customer),
        displayName: `Customer ${customer}`,
      })),
    })),
    redeliveryDelaysMs: lineRedeliveryMs,
    webhookTimeoutMs: lineTimeoutMs,
    seed: `${seed} line`,
    keepRequests,
  })
  const genesys = createGenesysCloud({
    ...demoGenesys(bridgeUrl),
    retryDelaysMs: genesysRetryMs,
    webhookTimeoutMs: genesysTimeoutMs,
    seed: `${seed} genesys`,
    keepRequests,
  })
  return { line, genesys }
}

/** Far above what a run needs, so that the bridge works as fast as it can. */
const requestsPerMinute = 120_000

/** The bridge's configuration file, as JSON, which is YAML too. `PORT` is left to the environment of each process. */
export function bridgeConfig(request: {
  readonly redisUrl: string
  readonly publicUrl: string
  readonly folder: string
  readonly line: LinePlatform
  readonly genesys: GenesysCloud
}): string {
  const { redisUrl, publicUrl, folder, line, genesys } = request
  const [client] = demoClients
  return JSON.stringify(
    {
      server: { host: '127.0.0.1', port: '${' + 'PORT}', publicUrl },
      redis: { url: redisUrl },
      admin: consoleLogin,
      media: { store: join(folder, 'media'), signingSecret: 'chaos-media-signing-secret' },
      channels: brands.map((brand) => ({
        name: brand.channel,
        type: 'line',
        market: brand.market,
        brand: brand.brand,
        language: brand.language,
        line: {
          channelId: brand.line.channelId,
          channelSecret: brand.line.channelSecret,
          ...(brand.line.accessToken && { accessToken: brand.line.accessToken }),
          apiUrl: line.apiUrl,
          dataApiUrl: line.dataApiUrl,
        },
        genesys: {
          gatewayUrl: genesys.url,
          ...client,
          integrationId: brand.genesys.integrationId,
          webhookSecret: brand.genesys.webhookSecret,
          requestsPerMinute,
        },
      })),
    },
    null,
    2,
  )
}

const demoClients: GenesysCloudSettings['clients'] = demoGenesys().clients
