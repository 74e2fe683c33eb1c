import { z } from 'zod'
import { number, optional, origin, secret, secrets, withDefault } from '../lib/settings.ts'
import { isRegion } from './regions.ts'

/** The `genesys:` settings of a channel: one OAuth client and one Open Messaging integration. */
export const genesysSettings = z
  .strictObject({
    /** A key or host of the region table: `ap_southeast_1` or `apse1.pure.cloud`. */
    region: optional(
      z
        .string()
        .refine(isRegion, { error: 'is not a Genesys Cloud region (a key such as ap_southeast_1 or its host)' }),
    ),
    /** Instead of `region`: token at {gatewayUrl}/oauth/token, API at {gatewayUrl}/api/v2/…. */
    gatewayUrl: optional(origin),
    clientId: z.string().min(1),
    clientSecret: secret,
    integrationId: z.string().min(1),
    /** Genesys wants more than 15 characters. */
    webhookSecret: secrets.refine((list) => list.every((one) => one.length > 15), {
      error: 'must be longer than 15 characters, as Genesys demands',
    }),
    /** The OAuth client's budget, shared by every channel with the same `clientId`. */
    requestsPerMinute: withDefault(number(z.number().int().min(1)), 300),
    inboundApi: withDefault(z.enum(['integration', 'legacy']), 'integration'),
    /** `failures`: report only failed deliveries, which spares the budget. */
    receipts: withDefault(z.enum(['all', 'failures']), 'all'),
  })
  .refine((settings) => !(settings.region && settings.gatewayUrl), {
    error: 'region and gatewayUrl exclude each other',
    path: ['gatewayUrl'],
  })
  .refine((settings) => settings.region || settings.gatewayUrl, { error: 'is missing', path: ['region'] })

export type GenesysSettings = z.output<typeof genesysSettings>
