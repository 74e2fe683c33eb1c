import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findFreePorts } from '../src/sandbox/free-ports.ts'
import { type Measured, startMeasured } from './processes.ts'
import { account } from './traffic.ts'

/** What of the bridge's configuration differs between figures. */
export interface BridgeSettings {
  readonly redisUrl: string
  /** A folder of this run, for configuration, log and files. */
  readonly folder: string
  /** Where both fake platforms are. */
  readonly platformUrl: string
  /** `BRIDGE_ROLES`; default: all. */
  readonly roles?: string
  readonly receipts?: 'all' | 'failures'
  readonly requestsPerMinute?: number
  /** Further flags of Node, such as `--cpu-prof`. */
  readonly flags?: readonly string[]
}

/** A running server of webhooks, ready to be measured. */
export interface Server extends Measured {
  readonly url: string
}

/** No second has more; a budget that never holds a message up. */
const unlimited = 1_000_000_000

/**
 * A configuration with two brands, as the example one has them; all of a benchmark's traffic goes to the first. Log at `info`, as
 * always, metrics and console too.
 */
export function bridgeConfig(settings: BridgeSettings & { readonly port: number }): object {
  const { port, redisUrl, folder, platformUrl, receipts = 'all', requestsPerMinute = unlimited } = settings
  const genesys = {
    gatewayUrl: platformUrl,
    clientId: account.clientId,
    clientSecret: account.clientSecret,
    webhookSecret: account.webhookSecret,
    requestsPerMinute,
    receipts,
  }
  const line = {
    channelId: '1657000001',
    channelSecret: account.channelSecret,
    accessToken: account.accessToken,
    pushesPerSecond: unlimited,
    apiUrl: platformUrl,
    dataApiUrl: platformUrl,
  }
  return {
    server: { host: '127.0.0.1', port, publicUrl: `http://127.0.0.1:${port}` },
    redis: { url: redisUrl },
    admin: { username: 'ops', password: 'bench-password' },
    media: { store: join(folder, 'media'), signingSecret: 'bench-media-secret' },
    channels: [
      {
        name: account.channel,
        type: 'line',
        market: 'Thailand',
        brand: 'Retail_Thai',
        language: 'th',
        attributes: { tier: 'gold' },
        line,
        genesys: { ...genesys, integrationId: account.integrationId },
      },
      {
        name: 'retail_taiwan',
        type: 'line',
        market: 'Taiwan',
        brand: 'Retail_Taiwan',
        language: 'zh-TW',
        line: { ...line, channelId: '1657000002' },
        genesys: { ...genesys, integrationId: '5f0c1c1e-0000-4000-8000-000000000002' },
      },
    ],
  }
}

let started = 0

/** Starts a bridge as `npm start` does, and waits until it is ready. */
export async function startBridge(settings: BridgeSettings): Promise<Server> {
  const { folder, roles, flags } = settings
  const { port } = await findFreePorts({ port: 0 })
  started += 1
  const path = join(folder, `bridge-${started}.json`)
  await writeFile(path, JSON.stringify(bridgeConfig({ ...settings, port })))
  const url = `http://127.0.0.1:${port}`
  const bridge = startMeasured({
    // Empty is all; and it keeps a `.env` of this checkout from saying something else.
    environment: { BRIDGE_CONFIG: path, BRIDGE_ROLES: roles ?? '' },
    output: join(folder, `bridge-${started}.log`),
    ...(flags && { flags }),
  })
  await bridge.untilReady(`${url}/readyz`)
  return { ...bridge, url }
}

/** Starts the bare receiver. */
export async function startBareReceiver(settings: {
  readonly redisUrl: string
  readonly folder: string
}): Promise<Server> {
  const { port } = await findFreePorts({ port: 0 })
  const url = `http://127.0.0.1:${port}`
  const receiver = startMeasured({
    program: 'bench/bare/receiver.ts',
    environment: { REDIS_URL: settings.redisUrl, PORT: String(port) },
    output: join(settings.folder, 'bare.log'),
  })
  await receiver.untilReady(`${url}/readyz`)
  return { ...receiver, url }
}
