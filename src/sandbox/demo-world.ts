import { parseDocument } from 'yaml'
import type { GenesysCloudSettings, LineFriend, LinePlatformSettings } from './platforms.ts'

/**
 * The demo's little world: two brands, each with a LINE account, a queue and one customer.
 * None of these ids, secrets and tokens is known to any real platform.
 */

/** Where everything listens in the demo, all on loopback. */
export const demoPorts = { bridge: 3000, page: 9000, genesys: 9100, lineApi: 9101, lineData: 9102 } as const

const on = (port: number) => `http://127.0.0.1:${port}`

/** The same as addresses. */
export const demoUrls = {
  bridge: on(demoPorts.bridge),
  page: on(demoPorts.page),
  genesys: on(demoPorts.genesys),
  lineApi: on(demoPorts.lineApi),
  lineData: on(demoPorts.lineData),
} as const

/** One brand in one market, with all that either platform knows of it. */
export interface DemoBrand {
  /** The channel's name in the configuration, and the account's in the fake LINE. */
  readonly channel: string
  /** As in the names of environment variables: `LINE_TH_CHANNEL_SECRET`. */
  readonly code: 'TH' | 'TW'
  readonly market: string
  readonly brand: string
  /** BCP 47. */
  readonly language: string
  readonly line: {
    readonly displayName: string
    readonly channelId: string
    readonly channelSecret: string
    /** Undefined: the bridge issues stateless tokens, so that the demo shows both ways. */
    readonly accessToken: string | undefined
    readonly botUserId: string
    /** Under which names the agent and the bot write. */
    readonly senders: { readonly human: string; readonly bot: string }
  }
  readonly genesys: {
    readonly integrationId: string
    readonly integrationName: string
    readonly webhookSecret: string
    readonly queue: string
  }
  readonly customer: LineFriend
}

const client = { clientId: 'c2b7d7a4-51a9-4d3f-9a0e-6f2b8d1c4e70', clientSecret: 'demo-genesys-client-secret' }

export const demoBrands: readonly [thailand: DemoBrand, taiwan: DemoBrand] = [
  {
    channel: 'retail_thailand',
    code: 'TH',
    market: 'Thailand',
    brand: 'Retail_Thai',
    language: 'th',
    line: {
      displayName: 'Retail Thailand',
      channelId: '1657000001',
      channelSecret: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
      accessToken: 'demo-long-lived-token-of-retail-thailand',
      botUserId: 'U00000000000000000000000000000071',
      senders: { human: 'น้ำฝน', bot: 'ผู้ช่วยอัตโนมัติ' },
    },
    genesys: {
      integrationId: '5f0c1d6e-8a52-4c1b-9f0d-3b7a2e4c6d81',
      integrationName: 'Retail Thailand LINE',
      webhookSecret: 'demo-webhook-secret-of-retail-thailand',
      queue: 'TH_Retail_Chat',
    },
    customer: { userId: 'U7a41c09e5f3b4d2881d6e02b9c5f7a10', displayName: 'มะม่วง', language: 'th' },
  },
  {
    channel: 'retail_taiwan',
    code: 'TW',
    market: 'Taiwan',
    brand: 'Retail_Taiwan',
    language: 'zh-Hant',
    line: {
      displayName: 'Retail Taiwan',
      channelId: '1657000002',
      channelSecret: 'a9b8c7d6e5f40312233445566778899a',
      accessToken: undefined,
      botUserId: 'U00000000000000000000000000000072',
      senders: { human: '小雨', bot: '自動小幫手' },
    },
    genesys: {
      integrationId: 'b83e5c27-1d94-4f6a-8e3b-92c0a7d5f146',
      integrationName: 'Retail Taiwan LINE',
      webhookSecret: 'demo-webhook-secret-of-retail-taiwan',
      queue: 'TW_Retail_Chat',
    },
    customer: { userId: 'Ub83d5510fe2c4a97a6e4417c0d92e3bb', displayName: '珍珠奶茶', language: 'zh-Hant' },
  },
]

/** The fake LINE of the demo; `bridgeUrl` is where its webhooks go. */
export const demoLine = (bridgeUrl: string = demoUrls.bridge): LinePlatformSettings => ({
  accounts: demoBrands.map(({ channel, line: { accessToken, senders: _, ...line }, customer }) => ({
    ...line,
    ...(accessToken === undefined ? {} : { accessToken }),
    name: channel,
    webhookUrl: `${bridgeUrl}/webhooks/line/${channel}`,
    friends: [customer],
  })),
})

/** The fake Genesys Cloud of the demo; `bridgeUrl` is where its webhooks go. */
export const demoGenesys = (bridgeUrl: string = demoUrls.bridge): GenesysCloudSettings => ({
  clients: [client],
  integrations: demoBrands.map(({ channel, genesys }) => ({
    id: genesys.integrationId,
    name: genesys.integrationName,
    webhookUrl: `${bridgeUrl}/webhooks/genesys/${channel}`,
    webhookSecret: genesys.webhookSecret,
    queue: genesys.queue,
  })),
})

/** The addresses that the bridge has to know; other ones than the demo's when the fakes got other ports. */
export interface DemoAddresses {
  readonly bridge: string
  readonly genesys: string
  readonly lineApi: string
  readonly lineData: string
}

/**
 * The example configuration with what shows more of the bridge on the page: names above what the agent and the bot say, and marks
 * on what was read.
 * @param example the text of `bridge.config.yaml`
 */
export function demoConfig(example: string): string {
  const document = parseDocument(example)
  for (const [index, { line }] of demoBrands.entries()) {
    const { human, bot } = line.senders
    document.setIn(['channels', index, 'line', 'markAsRead'], true)
    document.setIn(['channels', index, 'line', 'sender'], { human: { name: human }, bot: { name: bot } })
  }
  return document.toString()
}

/** The environment with which `bridge.config.yaml` talks to the fakes. */
export function demoEnvironment(addresses: DemoAddresses = demoUrls): Record<string, string> {
  const environment: Record<string, string> = {
    PORT: new URL(addresses.bridge).port,
    PUBLIC_URL: addresses.bridge,
    ADMIN_USERNAME: 'ops',
    ADMIN_PASSWORD: 'demo',
    MEDIA_SIGNING_SECRET: 'demo-media-signing-secret',
    LINE_API_URL: addresses.lineApi,
    LINE_DATA_API_URL: addresses.lineData,
    GENESYS_GATEWAY_URL: addresses.genesys,
    GENESYS_REGION: '',
    GENESYS_CLIENT_ID: client.clientId,
    GENESYS_CLIENT_SECRET: client.clientSecret,
  }
  for (const { code, line, genesys } of demoBrands) {
    environment[`LINE_${code}_CHANNEL_ID`] = line.channelId
    environment[`LINE_${code}_CHANNEL_SECRET`] = line.channelSecret
    environment[`LINE_${code}_ACCESS_TOKEN`] = line.accessToken ?? ''
    environment[`GENESYS_${code}_INTEGRATION_ID`] = genesys.integrationId
    environment[`GENESYS_${code}_WEBHOOK_SECRET`] = genesys.webhookSecret
  }
  return environment
}
