import { z } from 'zod'
import { isObject } from '../lib/loose.ts'
import { number, optional, origin, secret, secrets, withDefault } from '../lib/settings.ts'
import { isRegion } from './regions.ts'

/**
 * Rules that join keys are looked at even where single keys are wrong, so that the operator learns of all faults at
 * once.
 */
const evenWithOtherFaults = ({ value }: { readonly value: unknown }): boolean => isObject(value)

/** Requests a minute that a client may send when nothing is configured. */
export const defaultRequestsPerMinute = 300

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
    requestsPerMinute: withDefault(number(z.number().int().min(1)), defaultRequestsPerMinute),
    inboundApi: withDefault(z.enum(['integration', 'legacy']), 'integration'),
    /** `failures`: report only failed deliveries, which spares the budget. */
    receipts: withDefault(z.enum(['all', 'failures']), 'all'),
  })
  .refine(({ region, gatewayUrl }) => !(region && gatewayUrl), {
    error: 'region and gatewayUrl exclude each other',
    path: ['gatewayUrl'],
    when: evenWithOtherFaults,
  })
  .refine(({ region, gatewayUrl }) => region || gatewayUrl, {
    error: 'is missing',
    path: ['region'],
    when: evenWithOtherFaults,
  })

export type GenesysSettings = z.output<typeof genesysSettings>
